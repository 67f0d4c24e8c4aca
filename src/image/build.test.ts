import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Exec, ExecResult } from '../common/exec.js';
import { silentReporter } from '../common/reporter.js';
import { runStep } from './block-image.js';
import { buildImage } from './build.js';
import { hostTools } from './host-tools.js';
import { hashSources, imageKey } from './image-key.js';
import { checkMachine, neededBytes, thisMachine } from './preflight.js';
import { mountPoints, temporaryDirectory } from './staging.js';
import { exampleManifest } from './test-support/example-manifest.js';
import { prepareUserland, type UserlandOptions } from './userland.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
});

afterEach(() => rm(dir, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
}

const machine = { uid: 0, searchPath: '/bin', tools: [], availableBytes: async () => neededBytes };

test('a machine without root, a tool or space is refused before any work', async () => {
  await expect(checkMachine(dir, { ...machine, uid: 1000 })).rejects.toMatchObject({
    code: 'BH_IMAGE_NEEDS_ROOT',
  });
  const missing = [{ tool: 'mkfs.nothing', package: 'nothing-utils' }];
  await expect(checkMachine(dir, { ...machine, tools: missing })).rejects.toThrow(
    /mkfs\.nothing.*nothing-utils/,
  );
  const full = { ...machine, availableBytes: async () => neededBytes - 1 };
  await expect(checkMachine(dir, full)).rejects.toMatchObject({
    code: 'BH_IMAGE_NO_SPACE',
    params: { directory: dir },
  });
  const present = [{ tool: 'ls', package: 'coreutils' }];
  await expect(checkMachine(dir, { ...machine, tools: present })).resolves.toBeUndefined();
  expect(await thisMachine.availableBytes(dir)).toBeGreaterThan(0);
});

test('a step finds its tools where the machine was looked at, also by the path of a user', async () => {
  const paths: (string | undefined)[] = [];
  const run = async (...[, , options]: Parameters<Exec['run']>): Promise<ExecResult> => {
    paths.push(options?.env?.['PATH']);
    return { stdout: '', stderr: '', exitCode: 0 };
  };
  await runStep('veritysetup', [], { run });
  expect(paths).toEqual([thisMachine.searchPath]);
  expect(thisMachine.searchPath.split(':')).toContain('/usr/sbin');
});

test('every tool names its package', () => {
  for (const { tool, package: name } of hostTools)
    expect([tool, name].every((text) => text.length > 1)).toBe(true);
});

test('the key follows our inputs, the flavour and the pin, and nothing else', async () => {
  await write('vm-image/root.txt', 'a');
  const key = await imageKey(dir, 'release');
  await write('README.md', 'x');
  await write('src/daemon/a.test.ts', 'x');
  await write('src/daemon/a.test-support.ts', 'x');
  await write('src/isolation/testing/specs.ts', 'x');
  await write('vm-image/probe/build/probe', 'x');
  await write('vm-image/golden-files.txt', 'x');
  expect(await imageKey(dir, 'release')).toBe(key);
  expect(await imageKey(dir, 'debug')).not.toBe(key);
  expect(await imageKey(dir, 'release', { policyKey: 'x' })).not.toBe(key);
  await write('pin.json', '{}');
  expect(await imageKey(dir, 'release', { pin: join(dir, 'pin.json') })).not.toBe(key);
  const sources = await hashSources(dir);
  await write('src/daemon/a.ts', 'x');
  expect(await hashSources(dir)).not.toBe(sources);
});

const now = new Date('2026-11-21T00:00:00Z');

function options(change: Partial<UserlandOptions> = {}): UserlandOptions {
  const parent = join(dir, 'userland');
  return {
    parent,
    packages: ['runc'],
    pin: undefined,
    strict: false,
    refresh: false,
    mirror: 'http://m.test/',
    now,
    signal: undefined,
    ...change,
  };
}

/** Stands in for mmdebstrap: leaves what it leaves. */
function unpacker(result: Partial<ExecResult> = {}): Exec & { calls: number } {
  const exec = {
    calls: 0,
    async run(_file: string, args: readonly string[]) {
      exec.calls += 1;
      const root = args.find((arg) => arg.endsWith('/root')) ?? '';
      await mkdir(join(root, 'var/lib/apt/lists'), { recursive: true });
      await mkdir(join(root, 'var/cache/apt/archives'), { recursive: true });
      await mkdir(join(root, 'etc/apt'), { recursive: true });
      const release =
        'Codename: forky\nDate: Fri, 30 Oct 2026 08:08:01 UTC\nValid-Until: Fri, 06 Nov 2026 08:08:01 UTC\n';
      await writeFile(join(root, 'var/lib/apt/lists/m.test_InRelease'), release);
      await writeFile(join(root, 'var/cache/apt/archives/runc_1.3.6+ds1-1_amd64.deb'), 'deb');
      return { stdout: '', stderr: '', exitCode: 0, ...result };
    },
  };
  return exec;
}

test('unpacking records packages and suite, keeps no trace of the mirror, and happens once', async () => {
  const exec = unpacker();
  const userland = await prepareUserland(options(), exec);
  expect(userland.packages).toMatchObject([{ name: 'runc', version: '1.3.6+ds1-1', architecture: 'amd64' }]);
  expect(userland.suite.expired).toBe(true);
  expect(await readdir(join(userland.root, 'var/lib'))).toEqual([]);
  expect(await readdir(join(userland.root, 'etc'))).toEqual([]);
  await expect(prepareUserland(options(), exec)).resolves.toMatchObject({ reused: true });
  expect(exec.calls).toBe(1);
  await prepareUserland(options({ refresh: true }), exec);
  expect(exec.calls).toBe(2);
});

test('strict refuses an expired suite, unpacked before or not; a pin is compared', async () => {
  const strict = options({ strict: true });
  await expect(prepareUserland(strict, unpacker())).rejects.toMatchObject({
    code: 'BH_IMAGE_RELEASE_EXPIRED',
  });
  await prepareUserland(options(), unpacker());
  await expect(prepareUserland(strict, unpacker())).rejects.toMatchObject({
    code: 'BH_IMAGE_RELEASE_EXPIRED',
  });
  const pinned = options({ pin: { path: 'm.json', manifest: exampleManifest() } });
  await expect(prepareUserland(pinned, unpacker())).rejects.toThrow('another SHA-256');
});

test('a failed unpacking leaves nothing behind', async () => {
  const exec = unpacker({ exitCode: 25, stderr: 'E: Unable to locate package runk' });
  await expect(prepareUserland(options(), exec)).rejects.toThrow('Unable to locate package runk');
  expect(await readdir(join(dir, 'userland'))).toEqual([]);
});

test('what a killed build left is removed by the next; what a running one makes is not', async () => {
  await write('.tmp-999999999-aa/file', 'x');
  await write(`.tmp-${process.pid}-bb/file`, 'x');
  {
    await using temporary = await temporaryDirectory(dir);
    expect((await readdir(dir)).sort()).toEqual(
      [`.tmp-${process.pid}-bb`, temporary.path.slice(dir.length + 1)].sort(),
    );
  }
  expect(await readdir(dir)).toEqual([`.tmp-${process.pid}-bb`]);
});

test('mount points are read with their escapes undone', () => {
  expect(mountPoints('1 2 0:3 / /a\\040b rw - tmpfs t rw\n\n')).toEqual(['/a b']);
});

test('a build in an unusable checkout fails with the file it lacks and makes no image', async () => {
  await write('checkout/vm-image/packages.txt', 'runc why\n');
  const environment = { exec: unpacker(), machine, now: () => now };
  const request = {
    projectDir: join(dir, 'checkout'),
    cacheDir: join(dir, 'cache'),
    mirror: 'http://m.test/',
  };
  await expect(buildImage(request, silentReporter, environment)).rejects.toMatchObject({
    code: 'BH_IMAGE_STEP_FAILED',
  });
  expect(await readdir(join(dir, 'cache/images'))).toEqual([]);
});

test('an aborted build ends with the reason of the signal and leaves nothing', async () => {
  await write('checkout/vm-image/packages.txt', 'runc why\n');
  const controller = new AbortController();
  const exec: Exec = {
    run: async () => {
      controller.abort(new Error('enough'));
      throw new Error('killed by SIGTERM');
    },
  };
  const environment = { exec, machine, now: () => now };
  const request = {
    projectDir: join(dir, 'checkout'),
    cacheDir: join(dir, 'cache'),
    signal: controller.signal,
  };
  await expect(buildImage(request, silentReporter, environment)).rejects.toThrow('enough');
  expect(await readdir(join(dir, 'cache/userland'))).toEqual([]);
});
