import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemExec } from '../../common/exec.js';
import { systemClock } from '../../common/system-clock.js';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { createLogger } from '../../common/log.js';
import { readLines } from '../../common/line-reader.js';
import { tryBind } from '../ports/try-bind.js';
import { endingWithParent } from './parent-death.js';
import { startQemuVm } from './qemu-vm.js';

const signal = new AbortController().signal;
const qemu = 'qemu-system-x86_64';
/** A machine without a disk: its firmware finds nothing to boot and waits for ever. */
const idle = ['-S', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', '32M', '-no-reboot'];
const ports = [
  ['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'],
  ['-chardev', 'socket,id=phase,fd=4', '-serial', 'chardev:phase'],
  ['-chardev', 'socket,id=control,fd=5', '-serial', 'chardev:control'],
].flat();

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-vm-'));
});
afterEach(() => rm(directory, { recursive: true }));

const parts = { clock: systemClock, exec: systemExec, logger: { warn: () => undefined } };
const consoleLog = (): string => join(directory, 'console.log');

async function script(text: string): Promise<string> {
  const file = join(directory, 'qemu');
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

test('QEMU takes the inherited descriptors as chardevs, runs, and ends by `quit`', async () => {
  const vm = await startQemuVm(qemu, [...idle, ...ports], consoleLog(), parts, signal);
  expect(await vm.destroy()).toEqual({ kind: 'host-quit' });
  await expect(readFile(`/proc/${vm.pid}/stat`)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what the guest writes arrives on the phase port, without a socket file anywhere', async () => {
  // Four instructions at the reset vector: write "A\n" to the first serial port, then halt.
  const rom = Buffer.alloc(65_536, 0xf4);
  Buffer.from([0xba, 0xf8, 0x03, 0xb0, 0x41, 0xee, 0xb0, 0x0a, 0xee, 0xfa, 0xf4]).copy(rom, 0xfff0);
  const bios = join(directory, 'bios');
  await writeFile(bios, rom);
  const order = [...idle, '-bios', bios, ...ports.slice(0, 4), ...ports.slice(4)];
  const vm = await startQemuVm(qemu, order, consoleLog(), parts, signal);
  const first = await new Promise<string>((resolve) => void readLines(vm.phasePort, resolve));
  expect(first).toBe('A');
  await vm.destroy();
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s from outside is told apart from an end of its own',
  async (name) => {
    const vm = await startQemuVm(qemu, [...idle, ...ports], consoleLog(), parts, signal);
    process.kill(vm.pid ?? 0, name);
    expect(await vm.exited).toMatchObject({ kind: 'killed' });
  },
);

test('connections begun in one moment wait at a port of a QEMU that takes none, and are not refused nor lost', async () => {
  const card = ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile='];
  const vm = await startQemuVm(qemu, [...idle, ...card, ...ports], consoleLog(), parts, signal);
  const port = await tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
  await vm.addForward({ protocol: 'tcp', address: '127.0.0.1', port, guestPort: 80 });
  process.kill(vm.pid ?? 0, 'SIGSTOP');
  const begun = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').setTimeout(900));
  try {
    const outcomes = begun.map((socket) =>
      Promise.race([
        once(socket, 'connect'),
        once(socket, 'timeout').then(() => Promise.reject(new Error('it waits for the kernel to try again'))),
      ]),
    );
    await expect(Promise.all(outcomes)).resolves.toHaveLength(200);
  } finally {
    for (const socket of begun) socket.destroy();
    process.kill(vm.pid ?? 0, 'SIGKILL');
    await vm.exited;
  }
});

test('where the queue can not be made longer a port is listened on all the same, and that is said once', async () => {
  const said: string[] = [];
  const logger = createLogger('test', { write: (line) => void said.push(line) });
  const exec = {
    run: async () => ({ exitCode: 1, stdout: '', stderr: 'deepen-backlog: Operation not permitted' }),
  };
  const card = ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile='];
  const args = [...idle, ...card, ...ports];
  const vm = await startQemuVm(qemu, args, consoleLog(), { ...parts, exec, logger }, signal);
  for (const guestPort of [80, 81]) {
    const port = await tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
    await vm.addForward({ protocol: 'tcp', address: '127.0.0.1', port, guestPort });
    await once(connect(port, '127.0.0.1'), 'connect');
  }
  expect(said).toEqual([expect.stringMatching(/Operation not permitted.*slowly/)]);
  await vm.destroy();
});

test('a QEMU that dies at once: its own words are in the error', async () => {
  const start = startQemuVm(
    qemu,
    [...idle, ...ports, '-device', 'no-such-device'],
    consoleLog(),
    parts,
    signal,
  );
  await expect(start).rejects.toMatchObject({ code: 'BH_QEMU_UNUSABLE' });
  await expect(start).rejects.toThrow(/ended at once with status 1: .*no-such-device/);
});

test('a program that does not exist', async () => {
  await expect(startQemuVm(join(directory, 'none'), [], consoleLog(), parts, signal)).rejects.toMatchObject({
    code: 'BH_QEMU_UNUSABLE',
  });
});

test('a QEMU that keeps silent is killed when its time is over', async () => {
  const clock = new ManualClock();
  const silent = await script('exec sleep 1000');
  const start = startQemuVm(silent, [], consoleLog(), { ...parts, clock }, signal);
  const [outcome] = await Promise.allSettled([start, clock.advanceWhenSleeping(15_000)]);
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'BH_QEMU_UNUSABLE' } });
  expect(String(outcome.status === 'rejected' ? outcome.reason : '')).toMatch(/did not answer within 15 s/);
});

test('an abort while it starts leaves nothing running', async () => {
  const abort = new AbortController();
  const start = startQemuVm(await script('exec sleep 1000'), [], consoleLog(), parts, abort.signal);
  abort.abort(new Error('no longer wanted'));
  await expect(start).rejects.toThrow('no longer wanted');
});

test('kill -9 of the process that started QEMU ends QEMU', async () => {
  const [file, ...args] = endingWithParent([qemu, ...idle.slice(1), '-monitor', 'none'], 'linux');
  const text = `const q = require('child_process').spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: ['ignore', 'inherit', 'inherit'] });
    q.once('spawn', () => console.log(q.pid));`;
  const parent: ChildProcess = spawn(process.execPath, ['-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { stdout } = parent;
  if (stdout === null) throw new Error('no output');
  // QEMU inherits the pipe as its output: the pipe closes only when QEMU, too, is gone.
  const closed = once(stdout, 'close');
  const pid = Number(await new Promise<string>((resolve) => void readLines(stdout, resolve)));
  expect(await readFile(`/proc/${pid}/stat`, 'utf8')).not.toContain(' Z ');
  parent.kill('SIGKILL');
  await closed;
  await expect(readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).resolves.toBe('');
});
