import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { startNativeEngine } from '../../src/vm/native/index.ts';
import { createDocker, probe } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { rootImage } from '../support/root-image.ts';

const lockedMemory = join(import.meta.dirname, '../security/locked-memory.c');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-native-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const name = `native-${process.pid}`;

async function start(): ReturnType<typeof startNativeEngine> {
  return startNativeEngine({
    name,
    root: inject('testedRoot'),
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    signal: AbortSignal.timeout(60_000),
  });
}

/** What of the machine an engine could leave changed. */
async function machine(): Promise<unknown> {
  const cgroups = await execa('/usr/bin/find', [
    '/sys/fs/cgroup',
    '-maxdepth',
    '2',
    '-name',
    `bulkhead-${name}`,
  ]);
  const processes = await execa('/usr/bin/pgrep', ['-f', dir], { reject: false });
  return {
    mounts: (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(dir) || line.includes('erofs')),
    links: (await readdir('/sys/class/net')).filter((link) => !link.startsWith('veth')),
    cgroups: cgroups.stdout,
    processes: processes.stdout,
    forwarding: await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
    hostname: await readFile('/proc/sys/kernel/hostname', 'utf8'),
  };
}

test('an orderly stop leaves nothing behind, and the data is there at the next start', async () => {
  const before = await machine();
  const first = await start();
  const docker = createDocker(first.dockerHost);
  await docker.ok(['run', '--name', 'kept', '-v', 'kept:/data', probe, 'sh', '-c', 'echo text > /data/file']);
  await docker.ok([
    'run',
    '-d',
    '--name',
    'stopped-by-engine',
    '-v',
    'kept:/data',
    probe,
    'sh',
    '-c',
    'trap "echo stopped >> /data/file; exit 0" TERM; sleep 3600 & wait',
  ]);
  const started = performance.now();
  await first.stop();
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(await machine()).toEqual(before);
  expect(await readdir(join(dir, 'host'))).toEqual([]);

  const second = await start();
  try {
    const again = createDocker(second.dockerHost);
    expect(await again.ok(['run', '--rm', '-v', 'kept:/data', probe, 'cat', '/data/file'])).toBe(
      'text\nstopped',
    );
    expect(await again.ok(['ps', '-a', '--filter', 'name=kept', '--format', '{{.Names}}'])).toBe('kept');
  } finally {
    await second.stop();
  }
  expect(await machine()).toEqual(before);
});

test('a process that no signal ends does not outlive the engine', async () => {
  const engine = await start();
  const docker = createDocker(engine.dockerHost);
  const image = await rootImage(docker, async (root) => {
    await execa('gcc', ['-O2', '-static', '-s', '-o', join(root, 'locked-memory'), lockedMemory]);
  });
  await docker.ok(['run', '-d', '--name', 'kept', '--privileged', image, '/locked-memory', 'kept']);
  await eventually(async () => expect(await docker.ok(['logs', 'kept'])).toBe('ready'), 20_000);
  const { init } = await engineInternals(engine.pid);
  await engine.stop();
  await eventually(async () => expect(() => process.kill(init, 0)).toThrow('ESRCH'), 10_000);
});

test('kill -9 of whoever started it takes everything along, and the next start works', async () => {
  const options = {
    name,
    root: inject('testedRoot'),
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
  };
  const module = join(import.meta.dirname, '../../dist/vm/native/index.js');
  const script = `
    import { startNativeEngine } from ${JSON.stringify(module)};
    const engine = await startNativeEngine({ ...${JSON.stringify(options)}, signal: AbortSignal.timeout(60_000) });
    console.log(engine.pid);
    await engine.exited;`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  starter.stdout.setEncoding('utf8');
  const lines: unknown[] = await once(starter.stdout, 'data');
  const entry = Number(lines[0]);
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  await eventually(async () => {
    expect((await execa('/usr/bin/pgrep', ['-f', dir], { reject: false })).stdout).toBe('');
    expect(() => process.kill(entry, 0)).toThrow('ESRCH');
  }, 20_000);
  const next = await start();
  expect(await createDocker(next.dockerHost).ok(['run', '--rm', probe, 'echo', 'again'])).toBe('again');
  await next.stop();
});
