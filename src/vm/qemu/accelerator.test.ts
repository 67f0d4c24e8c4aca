import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Exec, systemExec } from '../../common/exec.js';
import { chooseAccelerator } from './accelerator.js';
import { cachedChoice } from './accelerator-cache.js';
import { findQemu } from './discovery.js';
import { probeExitStatus, probeRom } from './probe-guest.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-accelerator-'));
});
afterEach(() => rm(directory, { recursive: true }));

const qemu = { binary: '/qemu', version: '10.0.0' };

/** Answers by the accelerator on the command line; what is not listed never ends. */
function execWith(answers: Readonly<Record<string, { exitCode: number; stderr?: string }>>): Exec {
  return {
    async run(_file, args) {
      const accelerator = /accel=(\w+)/.exec(args.join(' '))?.[1] ?? '';
      const answer = answers[accelerator];
      if (answer === undefined) throw Object.assign(new Error('SIGTERM'), { timedOut: true });
      return { stdout: '', stderr: answer.stderr ?? '', exitCode: answer.exitCode };
    },
  };
}

test('the first that runs the guest to its end', async () => {
  const exec = execWith({ kvm: { exitCode: probeExitStatus }, tcg: { exitCode: probeExitStatus } });
  expect(await chooseAccelerator(exec, qemu, ['kvm', 'tcg'], 'linux')).toEqual({
    accelerator: 'kvm',
    refused: [],
  });
});

test.each([
  [
    'cannot be opened',
    { exitCode: 1, stderr: 'Could not access KVM kernel module\n' },
    /Could not access KVM/,
  ],
  ['resets the guest', { exitCode: 0 }, /crashed/],
  ['never ends', undefined, /did not finish/],
])('an accelerator that %s is passed over, and it is said why', async (_what, answer, reason) => {
  const exec = execWith({
    tcg: { exitCode: probeExitStatus },
    ...(answer === undefined ? {} : { kvm: answer }),
  });
  const choice = await chooseAccelerator(exec, qemu, ['kvm', 'tcg'], 'linux');
  expect(choice.accelerator).toBe('tcg');
  expect(choice.refused.map((one) => one.accelerator)).toEqual(['kvm']);
  expect(choice.refused[0]?.reason).toMatch(reason);
});

test('when nothing runs a guest, QEMU is unusable', async () => {
  const none = chooseAccelerator(execWith({}), qemu, ['kvm', 'tcg'], 'linux');
  await expect(none).rejects.toMatchObject({ code: 'BH_QEMU_UNUSABLE' });
});

test('a real QEMU runs the guest under TCG', async () => {
  const real = await findQemu(systemExec, process.env);
  expect(await chooseAccelerator(systemExec, real, ['tcg'], process.platform)).toEqual({
    accelerator: 'tcg',
    refused: [],
  });
});

test('the guest is 64 KiB, starts at the reset vector, and its tables are where its code says', () => {
  const rom = probeRom();
  expect(rom).toHaveLength(65_536);
  expect(rom.subarray(0xfff0, 0xfff5).toString('hex')).toBe('ea00f000f0');
  // The far jump to long mode ends where its target, 0xff05a, begins.
  expect(rom.subarray(0xf052, 0xf05a).toString('hex')).toBe('66ea5af00f000800');
  // Pseudo-descriptor: limit 15, base 0xff088, where the null descriptor is.
  expect(rom.readUInt16LE(0xf098)).toBe(15);
  expect(rom.readUInt32LE(0xf09a)).toBe(0xff088);
  expect(rom.readBigUInt64LE(0xf088)).toBe(0n);
});

test('the outcome is kept until boot, QEMU or user change', async () => {
  const file = join(directory, 'cache', 'accelerator.json');
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return { accelerator: 'tcg' as const, refused: [] };
  };
  await cachedChoice(file, 'one', probe);
  expect(await cachedChoice(file, 'one', probe)).toEqual({ accelerator: 'tcg', refused: [] });
  expect(probes).toBe(1);
  await cachedChoice(file, 'two', probe);
  expect(probes).toBe(2);
  await writeFile(file, '{"key":"two","choice":{"accelerator":"magic","refused":[]}}');
  await cachedChoice(file, 'two', probe);
  expect(probes).toBe(3);
  expect(await readFile(file, 'utf8')).toContain('tcg');
});

test('a cache that cannot be written does not matter', async () => {
  const probe = async () => ({ accelerator: 'kvm' as const, refused: [] });
  const file = join(directory, 'file');
  await writeFile(file, '');
  expect((await cachedChoice(join(file, 'cache'), 'one', probe)).accelerator).toBe('kvm');
});
