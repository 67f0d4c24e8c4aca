import type { AuditQuery } from '../../common/audit-event.js';
import { once } from 'node:events';
import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { z } from 'zod';
import { type LogQuery, serveChannel } from '../../channel/index.js';
import { systemClock } from '../../common/system-clock.js';
import { readLines } from '../../common/line-reader.js';
import { phaseNames } from '../phases.js';
import { portIds, qemuDescriptors } from '../qemu/arguments.js';
import { probeExitStatus } from '../qemu/probe-guest.js';

/**
 * A program that behaves like QEMU towards the controller: version, probe guest, QMP, and a guest that passes its phases and serves the
 * control channel. What goes wrong is said by the name of the instance: `hang…` stops after phase `init`,
 * `mute…` never says how it is, `panic…`, `verity…` and `disk…` fail as a guest does, `die…` ends at once, `crash…` fails an assertion of its own while the guest boots, `early…` before it has said anything, `once…` as well, but the first time alone, `puppet…` does what lines on the control port tell it.
 */
const args = process.argv.slice(2);
const option = (name: string): string => args[args.indexOf(name) + 1] ?? '';

if (args.includes('--version')) {
  process.stdout.write('QEMU emulator version 10.0.99 (fake)\n');
} else if (args.includes('isa-debug-exit,iobase=0xf4,iosize=1')) {
  process.exitCode = probeExitStatus;
} else {
  runVm(option('-name').replace('bulkhead-', ''));
}

function runVm(scenario: string): void {
  if (scenario.startsWith('die')) {
    process.stderr.write('fake: Could not open disk: Permission denied\n');
    process.exit(1);
  }
  const [qmp, phase, control] = [qemuDescriptors.qmp, qemuDescriptors.phase, qemuDescriptors.control].map(
    (fd) => new Socket({ fd, readable: true, writable: true }),
  );
  if (qmp === undefined || phase === undefined || control === undefined) throw new Error('descriptors');
  const send = (message: object): void => void qmp.write(`${JSON.stringify(message)}\r\n`);
  const end = (reason: string): void => {
    send({ event: 'SHUTDOWN', data: { guest: true, reason } });
    qmp.end(() => process.exit(0));
  };
  const say = (message: object): void => void phase.write(`${JSON.stringify(message)}\n`);
  send({ QMP: { version: { qemu: { major: 10, minor: 0, micro: 99 } }, capabilities: [] } });
  const schema = z.object({ execute: z.string(), id: z.int() });
  void readLines(qmp, (line) => {
    const command = schema.parse(JSON.parse(line));
    send({ return: {}, id: command.id });
    if (command.execute === 'quit') end('host-qmp-quit');
    if (command.execute !== 'cont') return;
    if (scenario.startsWith('puppet')) obey(control, (line) => void phase.write(`${line}\n`), send, end);
    else boot(scenario, say, end, () => openPort(scenario, control, send, say, end));
  });
}

function obey(
  control: Socket,
  say: (line: string) => void,
  send: (message: object) => void,
  end: (reason: string) => void,
): void {
  void readLines(control, (line) => {
    const [verb, what = ''] = line.split(' ');
    if (verb === 'say') say(what);
    if (verb === 'port')
      send({ event: 'VSERPORT_CHANGE', data: { id: portIds.control, open: what === 'open' } });
    if (verb === 'end') end(what);
  });
}

function boot(
  scenario: string,
  say: (message: object) => void,
  end: (reason: string) => void,
  openPort: () => void,
): void {
  if (scenario.startsWith('verity')) {
    say({ failure: 'verity-failed', detail: 'data block 7' });
    return end('guest-reset');
  }
  if (scenario.startsWith('early') || (scenario.startsWith('once') && isFirst())) return crash();
  for (const phase of phaseNames.slice(0, 3)) say({ phase, uptimeMs: 1 });
  if (scenario.startsWith('hang')) return;
  if (scenario.startsWith('crash')) return crash();
  if (scenario.startsWith('panic')) {
    const serial = new Socket({ fd: qemuDescriptors.console, readable: false, writable: true });
    serial.write('Kernel panic - not syncing: fake\n', () => end('guest-reset'));
    return;
  }
  if (scenario.startsWith('disk')) return say({ failure: 'data-disk-corrupt', detail: 'bad superblock' });
  for (const phase of phaseNames.slice(3, phaseNames.indexOf('engine-ready') + 1))
    say({ phase, uptimeMs: 2 });
  openPort();
}

function crash(): void {
  writeSync(process.stderr.fd, 'fake: warning: x\nfake: ../core.c:7: f: Assertion `y` failed.\n');
  process.kill(process.pid, 'SIGABRT');
}

/** It remembers that beside the data disk. */
function isFirst(): boolean {
  const disk = args.map((arg) => /node-name=data-file,filename=([^,]*)/.exec(arg)?.[1]).find(Boolean);
  if (disk === undefined) throw new Error('no data disk');
  const mark = `${disk}.crashed`;
  if (existsSync(mark)) return false;
  writeFileSync(mark, '');
  return true;
}

function openPort(
  scenario: string,
  control: Socket,
  send: (message: object) => void,
  say: (message: object) => void,
  end: (reason: string) => void,
): void {
  send({ event: 'VSERPORT_CHANGE', data: { id: portIds.control, open: true } });
  const handlers = {
    engine: (stream: NodeJS.ReadWriteStream) => void stream.pipe(stream),
    status: () =>
      scenario.startsWith('mute') ? new Promise<never>(() => undefined) : Promise.resolve({ fake: true }),
    explain: async (question: unknown) => ({ question }),
    signIn: async (question: unknown) => ({ question }),
    signOut: async () => ({}),
    changeShares: async () => ({ kind: 'done' }),
    trim: async () => ({ trimmed: true }),
    ports: (stream: NodeJS.ReadWriteStream) => void stream.resume(),
    sshAgent: (stream: NodeJS.ReadWriteStream) => void stream.resume(),
    egress: (stream: NodeJS.ReadWriteStream) => void stream.resume(),
    egressRelay: (stream: NodeJS.ReadWriteStream) => void stream.resume(),
    async *logs(query: LogQuery, signal: AbortSignal) {
      yield '{"service":"dockerd","msg":"fake line"}';
      if (query.follow === true && !signal.aborted) await once(signal, 'abort');
    },
    async *audit({ follow = false, since }: AuditQuery, signal: AbortSignal) {
      yield JSON.stringify({ kind: 'behind', count: since === undefined ? 3 : 4 });
      if (follow && !signal.aborted) await once(signal, 'abort');
    },
    powerOff: async () => {
      say({ phase: 'powering-off' });
      end('guest-shutdown');
    },
  };
  void serveChannel(control, handlers, { clock: systemClock });
}
