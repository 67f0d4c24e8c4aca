import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemExec } from '../../common/exec.js';
import { findQemu } from './discovery.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-qemu-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Puts a program of that name into a directory of its own on PATH. */
async function program(script: string): Promise<{ PATH: string }> {
  const file = join(directory, 'qemu-system-x86_64');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return { PATH: `relative:/nonexistent:${directory}` };
}

const saying = (version: string): string => `echo 'QEMU emulator version ${version} (Debian)'`;

test.each(['8.2.0', '8.10.1', '9.0.0', '10.0.2'])('%s is new enough', async (version) => {
  const env = await program(saying(version));
  expect(await findQemu(systemExec, env)).toEqual({ binary: join(directory, 'qemu-system-x86_64'), version });
});

test.each(['7.2.22', '8.1.9', '2.11.0'])('%s is too old, and the error says why', async (version) => {
  const env = await program(saying(version));
  const found = findQemu(systemExec, env);
  await expect(found).rejects.toMatchObject({
    code: 'BH_QEMU_TOO_OLD',
    exitCode: 69,
    params: { version, minimum: '8.2' },
  });
  await expect(found).rejects.toThrow(/cmpxchg16b/);
});

test('none on PATH', async () => {
  await expect(findQemu(systemExec, { PATH: directory })).rejects.toMatchObject({ code: 'BH_QEMU_MISSING' });
  await expect(findQemu(systemExec, {})).rejects.toMatchObject({ code: 'BH_QEMU_MISSING' });
});

test('the setting names one, and there is no other then', async () => {
  const env = await program(saying('10.0.2'));
  const named = join(directory, 'other');
  await expect(findQemu(systemExec, { ...env, BULKHEAD_QEMU: named })).rejects.toMatchObject({
    code: 'BH_QEMU_MISSING',
    params: { binary: named },
  });
  await expect(findQemu(systemExec, { ...env, BULKHEAD_QEMU: 'qemu' })).rejects.toThrow(
    /not an absolute path/,
  );
});

test.each([
  ['ends badly', 'echo "libfoo.so: not found" >&2; exit 127', /status 127: libfoo.so: not found/],
  ['is something else', 'echo hello', /status 0: hello/],
  ['is killed', 'kill -9 $$', /did not end by itself/],
])('a program that %s', async (_what, script, message) => {
  const env = await program(script);
  const found = findQemu(systemExec, env);
  await expect(found).rejects.toMatchObject({ code: 'BH_QEMU_UNUSABLE' });
  await expect(found).rejects.toThrow(message);
});

test('the one on this machine', async () => {
  expect((await findQemu(systemExec, process.env)).version).toMatch(/^\d+\.\d+\.\d+$/);
});
