import fc from 'fast-check';
import { type Seccomp, seccompActions, seccompOperators } from '../../oci/seccomp.js';
import { deniedArguments, deniedCalls } from '../seccomp/floor.js';

const floored = [...deniedCalls, ...deniedArguments].map(({ name }) => name);
/** Calls that not every architecture has: libseccomp gives them numbers below zero there, and treats them apart. */
const elsewhere = ['ipc', 'mmap2', 'chown32', 'arch_prctl', 'sync_file_range2', 'connect', 'read'];

const condition = fc.record({
  index: fc.integer({ min: 0, max: 2 }),
  value: fc.oneof(fc.constantFrom(0, 1, 2, 16, 40, 63, 4_294_967_336), fc.nat({ max: 70 })),
  valueTwo: fc.constantFrom(0, 1, 8, 40),
  op: fc.constantFrom(...seccompOperators),
});

const entry = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...floored, 'socket', 'socketcall', ...elsewhere, 'mount'), {
    minLength: 1,
    maxLength: 4,
  }),
  action: fc.constantFrom(...seccompActions),
  args: fc.array(condition, { maxLength: 3 }),
});

/** Profiles as a user may write them (`--security-opt seccomp=FILE`), all about the calls of the floor. */
export const seccompProfiles: fc.Arbitrary<Seccomp> = fc.record({
  defaultAction: fc.constantFrom(...seccompActions),
  syscalls: fc.array(entry, { maxLength: 5 }),
});
