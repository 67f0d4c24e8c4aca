import { expect, test } from 'vitest';
import type { VmExit } from './backend.js';
import { type Circumstances, crashedBeforeBoot, exitCause, guestFailureCause } from './failure-cause.js';
import { guestFailureNames } from './phases.js';
import { exampleSpec } from './test-support/example-spec.js';

const circumstances: Circumstances = {
  spec: exampleSpec,
  lastPhase: 'init',
  guestFailure: undefined,
  console: ['Linux version 7'],
};
const verity = '[    5.450694] device-mapper: verity: 254:0: data block 17 is corrupted';
const panic = 'Kernel panic - not syncing: Attempted to kill init!';
const exits: readonly VmExit[] = [
  { kind: 'guest-shutdown' },
  { kind: 'guest-reset' },
  { kind: 'guest-panic', detail: 'reported by pvpanic' },
  { kind: 'host-quit' },
  { kind: 'killed', signal: 'SIGKILL' },
  { kind: 'crashed', signal: 'SIGABRT', stderr: 'Assertion `x` failed' },
  { kind: 'exited', status: 1, stderr: 'no memory' },
];

test.each([
  ['guest-shutdown', 'BH_VM_GUEST_SHUTDOWN'],
  ['guest-reset', 'BH_VM_GUEST_RESET'],
  ['guest-panic', 'BH_VM_GUEST_PANIC'],
  ['host-quit', 'BH_VM_GUEST_SHUTDOWN'],
  ['killed', 'BH_VM_QEMU_KILLED'],
  ['crashed', 'BH_VM_QEMU_CRASHED'],
  ['exited', 'BH_VM_QEMU_EXITED'],
])('a VM that ends by %s', (kind, code) => {
  const exit = exits.find((candidate) => candidate.kind === kind);
  expect(exit === undefined ? undefined : exitCause(exit, circumstances).code).toBe(code);
});

test('a crash shows what QEMU said of it', () => {
  const exit = { kind: 'crashed', signal: 'SIGABRT', stderr: 'core.c:7: Assertion `x` failed.' } as const;
  expect(exitCause(exit, circumstances).message).toContain('(SIGABRT) after phase init: core.c:7: Assertion');
});

test('only before the guest has said anything is a crash one of QEMU alone', () => {
  const crashed = { kind: 'crashed', signal: 'SIGABRT', stderr: 'x' } as const;
  const at = (exit: VmExit, more: Partial<Circumstances>): boolean =>
    crashedBeforeBoot(exitCause(exit, { ...circumstances, ...more }));
  expect(at(crashed, { lastPhase: undefined })).toBe(true);
  expect(at(crashed, { lastPhase: 'kernel' })).toBe(false);
  expect(at({ kind: 'killed', signal: 'SIGKILL' }, { lastPhase: undefined })).toBe(false);
  expect(crashedBeforeBoot(new Error('QEMU crashed'))).toBe(false);
});

test.each([['guest-reset'], ['guest-panic'], ['guest-shutdown']])(
  'a corrupt block on the console explains %s',
  (kind) => {
    const exit = exits.find((candidate) => candidate.kind === kind) ?? { kind: 'host-quit' };
    const cause = exitCause(exit, { ...circumstances, console: ['x', verity] });
    expect(cause.code).toBe('BH_VM_ROOT_CORRUPT');
    expect(cause.message).toContain('file system: device-mapper: verity: 254:0: data block 17');
    expect(cause.message).toContain(exampleSpec.root);
    expect(cause.message).toContain(exampleSpec.hash);
  },
);

test('a panic shows the line of the kernel, also where only a reset was seen', () => {
  const cause = exitCause({ kind: 'guest-reset' }, { ...circumstances, console: [panic] });
  expect(cause.code).toBe('BH_VM_GUEST_PANIC');
  expect(cause.message).toContain('Attempted to kill init');
});

test.each(exits)('what the guest reported outweighs $kind', (exit) => {
  const guestFailure = { failure: 'data-disk-corrupt', detail: 'journal' } as const;
  const cause = exitCause(exit, { ...circumstances, guestFailure, console: [verity, panic] });
  expect(cause.code).toBe('BH_DATA_DISK_CORRUPT');
});

test.each([undefined, 'kernel', 'daemon'] as const)(
  'after phase %s the text says so and names files',
  (lastPhase) => {
    const { message } = exitCause({ kind: 'killed', signal: 'SIGKILL' }, { ...circumstances, lastPhase });
    expect(message).toContain(lastPhase ?? 'the start of its kernel');
    expect(message).toContain(exampleSpec.dataDisk);
  },
);

test.each(guestFailureNames)('every text about %s is complete', (failure) => {
  for (const detail of ['', 'because']) {
    const { message } = guestFailureCause({ failure, detail }, circumstances);
    expect(message).not.toMatch(/\{\w+\}/);
  }
});

test.each(exits)('every text about $kind is complete', (exit) => {
  expect(exitCause(exit, circumstances).message).not.toMatch(/\{\w+\}/);
});
