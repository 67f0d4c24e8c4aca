import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRuntimeSpec } from '../../oci/runtime-spec.js';
import type { Seccomp } from '../../oci/seccomp.js';
import {
  actionValue,
  type Architecture,
  buildEvaluator,
  type Call,
  evaluate,
  evaluators,
  stopsCall,
} from '../testing/libseccomp.js';
import { seccompProfiles } from '../testing/seccomp-profiles.js';
import { possibleActions } from '../testing/seccomp-oracle.js';
import { deniedArguments, deniedCalls } from './floor.js';
import { mergeFloor } from './merge.js';

const architectures: readonly Architecture[] = ['x86_64', 'x86', 'x32'];
const every = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'];
const highs = [0n, 1n << 32n, 0xffff_ffffn << 32n];

/** Every call of the floor in every architecture, with arguments chosen to slip through. i386 has socket by number, too. */
const floorCalls: readonly Call[] = architectures.flatMap((arch) => [
  ...deniedCalls.map(({ name }): Call => ({ arch, name, args: [0n, 0n, 0n] })),
  ...deniedArguments.flatMap(({ name, value }) =>
    highs.flatMap((high) =>
      [0n, 1n, 3n].flatMap((second): Call[] => {
        const args: Call['args'] = [high + BigInt(value), second, 0n];
        const numbered: Call[] = arch === 'x86' && name === 'socket' ? [{ arch, name: '#359', args }] : [];
        return [{ arch, name, args }, ...numbered];
      }),
    ),
  ),
]);

/** Calls the floor leaves alone: every other family, and some that have to work. */
const openCalls: readonly Call[] = [
  ...Array.from({ length: 47 }, (_, family) => BigInt(family))
    .filter((family) => family !== 40n)
    .map((family): Call => ({ arch: 'x86_64', name: 'socket', args: [family, 1n, 0n] })),
  { arch: 'x86_64', name: 'userfaultfd', args: [1n, 0n, 0n] },
  ...['mount', 'unshare', 'keyctl', 'read', 'clone'].map((name): Call => ({
    arch: 'x86_64',
    name,
    args: [0n, 0n, 0n],
  })),
];

function fixture(name: string): Seccomp | undefined {
  const path = join(import.meta.dirname, '../../../test/fixtures/specs', `${name}.json`);
  const parsed = parseRuntimeSpec(readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.problem}`);
  return parsed.spec.linux.seccomp;
}

function merged(profile: Seccomp | undefined): Seccomp | undefined {
  const result = mergeFloor(profile, every, []);
  return typeof result === 'string' ? undefined : result;
}

const program = buildEvaluator();
afterAll(() => rmSync(dirname(program), { recursive: true }));

describe.each(evaluators(program))('libseccomp %s', (_name, command) => {
  describe.each([1, 2] as const)('at optimization %i', (optimize) => {
    /** Calls that get through, and those answered otherwise than the model says; undefined when there is no filter. */
    function wrong(profiles: readonly Seccomp[], open = openCalls): (string[] | undefined)[] {
      const calls = [...floorCalls, ...open];
      return evaluate(command, profiles, calls, optimize).map((compiled, at) => {
        const profile = profiles[at];
        if ('failed' in compiled || profile === undefined) return undefined;
        return calls.flatMap((call, index) => {
          const answer = compiled.answers[index];
          if (answer === undefined) return [];
          const text = `${call.arch} ${call.name}(${call.args.join(', ')}): ${answer.toString(16)}`;
          if (index < floorCalls.length) return stopsCall(answer) ? [] : [text];
          return expected(profile, call).includes(answer) ? [] : [text];
        });
      });
    }

    it.each([
      ['docker run', 'volumes-init'],
      ['docker build', 'buildkit'],
      ['--privileged', 'privileged'],
      ['seccomp=unconfined', 'unconfined-limits'],
    ])('the filter of %s holds the floor and does what the model says', (_what, name) => {
      const profile = merged(fixture(name));
      expect(profile === undefined ? undefined : wrong([profile])).toEqual([[]]);
    });

    // Where a profile's own rules overlap, what libseccomp answers is its affair; it must only not open the floor.
    it('those of generated profiles hold the floor', { timeout: 120_000 }, () => {
      const given = fc.sample(seccompProfiles, { numRuns: 1500, seed: optimize });
      const profiles = given.flatMap((profile) => merged({ ...profile, architectures: every }) ?? []);
      const found = wrong(profiles, []);
      const holes = found.flatMap((list, at) =>
        list === undefined || list.length === 0 ? [] : [{ list, profile: profiles[at] }],
      );
      expect(holes).toEqual([]);
      expect(found.filter((list) => list !== undefined).length).toBeGreaterThan(300);
    });

    it('a filter without the floor is told', () => {
      const docker = fixture('volumes-init');
      expect(docker === undefined ? [] : wrong([docker])[0]).not.toEqual([]);
    });
  });
});

/** What the model allows the filter to answer. */
function expected(profile: Seccomp, { name, args }: Call): number[] {
  const entries = (profile.syscalls ?? []).filter(({ names }) => names.includes(name));
  return possibleActions(profile, name, args).flatMap((action) => [
    ...(action === profile.defaultAction ? [actionValue(action, profile.defaultErrnoRet)] : []),
    ...entries
      .filter((entry) => entry.action === action)
      .map(({ errnoRet }) => actionValue(action, errnoRet)),
  ]);
}
