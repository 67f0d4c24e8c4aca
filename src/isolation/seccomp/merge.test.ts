import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Seccomp, SeccompEntry } from '../../oci/seccomp.js';
import { dockerSeccomp } from '../testing/docker-seccomp.js';
import { holesIn, possibleActions } from '../testing/seccomp-oracle.js';
import { seccompProfiles } from '../testing/seccomp-profiles.js';
import { mergeFloor } from './merge.js';

const architectures = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];

function merged(profile: Seccomp | undefined, exempt: readonly string[] = []): Seccomp {
  const result = mergeFloor(profile, architectures, exempt);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

const vsock = (high = 0n) => [(high << 32n) + 40n, 1n, 0n];
const inet = [2n, 1n, 0n];
/** Denied before any rule on `socket`, of which libseccomp makes one on it for i386. */
const multiplexer: SeccompEntry = {
  names: ['socketcall'],
  action: 'SCMP_ACT_ERRNO',
  errnoRet: 97,
  args: [{ index: 0, value: 31, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }],
};

describe('mergeFloor without a profile', () => {
  const profile = merged(undefined);

  it('denies the floor and nothing else', () => {
    expect(holesIn(profile)).toEqual([]);
    for (const name of ['mount', 'fsopen', 'move_mount', 'setns', 'unshare', 'keyctl', 'reboot', 'ptrace'])
      expect(possibleActions(profile, name, [])).toEqual(['SCMP_ACT_ALLOW']);
    for (let family = 0n; family < 47n; family++) {
      const actions = possibleActions(profile, 'socket', [family]);
      expect(actions).toEqual([family === 40n ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW']);
    }
    expect(possibleActions(profile, 'userfaultfd', [0x80001n])).toEqual(['SCMP_ACT_ALLOW']);
  });

  it('lets the programs of every architecture of the machine run', () => {
    expect(profile.architectures).toEqual(architectures);
  });

  it('answers so that programs fall back', () => {
    const errnoOf = (name: string) => profile.syscalls?.find(({ names }) => names.includes(name))?.errnoRet;
    expect(['socket', 'io_uring_setup', 'finit_module', 'perf_event_open'].map(errnoOf)).toEqual([
      97, 38, 1, 13,
    ]);
  });

  it('is open where the policy says so', () => {
    const open = merged(undefined, ['io_uring_setup', 'socketcall']);
    expect(possibleActions(open, 'io_uring_setup', [])).toEqual(['SCMP_ACT_ALLOW']);
    expect(possibleActions(open, 'socketcall', [1n])).toEqual(['SCMP_ACT_ALLOW']);
    expect(holesIn(open)).toContain('io_uring_setup()');
  });
});

describe("mergeFloor with Docker's profile", () => {
  it('closes what the profile leaves open: a family with high bits set, and the multiplexer', () => {
    expect(possibleActions(dockerSeccomp(), 'socket', vsock())).toEqual(['SCMP_ACT_ERRNO']);
    expect(possibleActions(dockerSeccomp(), 'socket', vsock(1n))).toEqual(['SCMP_ACT_ALLOW']);
    expect(holesIn(dockerSeccomp())).not.toEqual([]);
    expect(holesIn(merged(dockerSeccomp()))).toEqual([]);
  });

  it('changes nothing else', () => {
    const profile = merged(dockerSeccomp());
    for (let family = 0n; family < 47n; family++) {
      expect(possibleActions(profile, 'socket', [family])).toContain(
        family === 40n ? 'SCMP_ACT_ERRNO' : 'SCMP_ACT_ALLOW',
      );
    }
    const untouched = (entry: SeccompEntry) =>
      !entry.names.some((name) => ['socket', 'socketcall'].includes(name));
    expect(profile.syscalls?.filter(untouched).slice(1)).toEqual(dockerSeccomp().syscalls?.filter(untouched));
    expect(profile.syscalls?.[1]?.names).toEqual(
      dockerSeccomp().syscalls?.[0]?.names.filter((name) => name !== 'socketcall'),
    );
  });
});

describe('mergeFloor with a profile of the user', () => {
  const allow = (names: string[], args: SeccompEntry['args'] = []): SeccompEntry => ({
    names,
    action: 'SCMP_ACT_ALLOW',
    args,
  });
  const strict = (...syscalls: SeccompEntry[]): Seccomp => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });

  it('keeps a condition on the family that excludes vsock as it is', () => {
    const profile = strict(allow(['socket'], [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }]));
    expect(merged(profile).syscalls).toEqual([multiplexer, ...(profile.syscalls ?? [])]);
  });

  it.each([
    ['vsock itself', [{ index: 0, value: 40, op: 'SCMP_CMP_EQ' as const }]],
    ['a range', [{ index: 0, value: 16, op: 'SCMP_CMP_GE' as const }]],
    ['another family excluded', [{ index: 0, value: 16, op: 'SCMP_CMP_NE' as const }]],
    ['a mask', [{ index: 0, value: 8, valueTwo: 8, op: 'SCMP_CMP_MASKED_EQ' as const }]],
    [
      'two conditions on one argument, which runc ORs',
      [
        { index: 0, value: 16, op: 'SCMP_CMP_GT' as const },
        { index: 0, value: 20, op: 'SCMP_CMP_LT' as const },
      ],
    ],
  ])('narrows %s', (_name, args) => {
    const profile = strict(allow(['socket'], args));
    expect(holesIn(profile)).not.toEqual([]);
    expect(holesIn(merged(profile))).toEqual([]);
  });

  it('keeps a range open to all but vsock', () => {
    const profile = merged(strict(allow(['socket'], [{ index: 0, value: 2, op: 'SCMP_CMP_GE' }])));
    expect(possibleActions(profile, 'socket', inet)).toEqual(['SCMP_ACT_ALLOW']);
    expect(possibleActions(profile, 'socket', [1n])).toEqual(['SCMP_ACT_ERRNO']);
  });

  it.each([
    [{ ...strict(), listenerPath: '/run/x.sock' }, 'listenerPath'],
    [strict({ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }), 'SCMP_ACT_NOTIFY'],
    [
      {
        defaultAction: 'SCMP_ACT_ALLOW' as const,
        syscalls: [
          {
            names: ['socket'],
            action: 'SCMP_ACT_ERRNO' as const,
            args: [
              { index: 0, value: 2, op: 'SCMP_CMP_GE' as const },
              { index: 1, value: 3, op: 'SCMP_CMP_EQ' as const },
            ],
          },
        ],
      },
      'conditions on socket',
    ],
  ])('refuses what it cannot combine', (profile, text) => {
    expect(mergeFloor(profile, architectures, [])).toContain(text);
  });

  it.each([
    ['socket', [{ index: 1, value: 1, op: 'SCMP_CMP_EQ' as const }]],
    [
      'socket',
      [
        { index: 0, value: 2, op: 'SCMP_CMP_EQ' as const },
        { index: 1, value: 1, op: 'SCMP_CMP_EQ' as const },
      ],
    ],
    ['userfaultfd', [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' as const }]],
  ])('refuses conditions on %s that libseccomp would have to combine', (name, args) => {
    const profile = strict(allow([name], args));
    expect(mergeFloor(profile, architectures, [])).toContain(`conditions on ${name}`);
    const before = name === 'socket' ? [multiplexer] : [];
    expect(merged(profile, [name]).syscalls).toEqual([...before, ...(profile.syscalls ?? [])]);
  });

  it('keeps what a profile that allows by default stops, high bits included', () => {
    const halt: SeccompEntry = {
      names: ['socket'],
      action: 'SCMP_ACT_KILL',
      args: [{ index: 0, value: 38, op: 'SCMP_CMP_EQ' }],
    };
    const profile = merged({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [halt] });
    expect(holesIn(profile)).toEqual([]);
    expect(possibleActions(profile, 'socket', [38n])).toEqual(['SCMP_ACT_KILL']);
    expect(possibleActions(profile, 'socket', [(1n << 32n) + 38n])).toEqual(['SCMP_ACT_KILL']);
    expect(possibleActions(profile, 'socket', inet)).toEqual(['SCMP_ACT_ALLOW']);
  });

  it('keeps a stricter answer to a call of the floor', () => {
    const kill: SeccompEntry = { names: ['bpf', 'mkdir'], action: 'SCMP_ACT_KILL' };
    const profile = merged({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [kill] });
    expect(possibleActions(profile, 'bpf', [])).toEqual(['SCMP_ACT_KILL']);
  });

  it('leaves no hole in any profile', () => {
    let judged = 0;
    fc.assert(
      fc.property(seccompProfiles, (profile) => {
        const result = mergeFloor(profile, architectures, []);
        if (typeof result === 'string') return;
        judged += 1;
        expect(holesIn(result)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(judged).toBeGreaterThan(500);
  });
});
