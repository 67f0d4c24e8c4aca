import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Seccomp, SeccompAction, SeccompEntry } from '../../oci/seccomp.js';
import { seccompOperators } from '../../oci/seccomp.js';

/** seccomp.h: what each action is as the return value of a filter; data of ERRNO and TRACE in the low 16 bits. */
const actionValues: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_NOTIFY: 0x7fc0_0000,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
};

export type Architecture = 'x86_64' | 'x86' | 'x32';

export interface Call {
  readonly arch: Architecture;
  /** A name, or `#number`. */
  readonly name: string;
  readonly args: readonly [bigint, bigint, bigint];
}

/** What became of a profile: an error of libseccomp (so no container), or what its filter answers to each call. */
export type Compiled =
  | { readonly failed: number }
  | {
      /** Undefined where the architecture has no such call. */
      readonly answers: readonly (number | undefined)[];
    };

/** Compiles the program with the headers of this machine. Throws what the compiler says. */
export function buildEvaluator(): string {
  const program = join(mkdtempSync(join(tmpdir(), 'bulkhead-seccomp-')), 'seccomp-evaluate');
  const source = join(import.meta.dirname, 'seccomp-evaluate.c');
  const warnings = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'];
  execFileSync('gcc', [...warnings, '-O2', '-o', program, source, '-lseccomp'], { stdio: 'pipe' });
  return program;
}

/** The machine's libseccomp, and the image's, which the runc of the VM loads, where its packages are unpacked. */
export function evaluators(program: string): [name: string, command: [string, ...string[]]][] {
  const root = process.env['BULKHEAD_TEST_ROOT'];
  const libraries = join(root ?? '', 'usr/lib/x86_64-linux-gnu');
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  const own: [string, [string, ...string[]]] = ['of this machine', [program]];
  if (root === undefined || !existsSync(loader)) return [own];
  return [own, ['of the image', [loader, '--library-path', libraries, program]]];
}

/** Compiles many profiles in one process and tries the calls on each. */
export function evaluate(
  [file, ...args]: readonly [string, ...string[]],
  profiles: readonly Seccomp[],
  calls: readonly Call[],
  optimize: 1 | 2,
): Compiled[] {
  const tries = calls
    .map(({ arch, name, args: given }) => `try ${arch} ${name} ${given.join(' ')}\n`)
    .join('');
  const input = profiles.map((profile) => `${profileText(profile, optimize)}${tries}`).join('');
  const output = execFileSync(file, args, { input, encoding: 'utf8', maxBuffer: 1 << 30 });
  const lines = output.trimEnd().split('\n');
  const each = calls.length + 1;
  return profiles.map((_profile, at) => {
    const [failed, ...answers] = lines.slice(at * each, (at + 1) * each);
    if (failed !== '0') return { failed: Number(failed) };
    return { answers: answers.map((answer) => (answer === 'absent' ? undefined : Number(answer))) };
  });
}

export function actionValue(action: SeccompAction, errnoRet = 1): number {
  const data = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? errnoRet : 0;
  return actionValues[action] + data;
}

/** Whether a filter's return value stops the call. */
export function stopsCall(value: number): boolean {
  return value < actionValues.SCMP_ACT_NOTIFY || value === actionValues.SCMP_ACT_KILL_PROCESS;
}

function profileText(profile: Seccomp, optimize: number): string {
  const architectures = (profile.architectures ?? []).map(
    (name) => `arch ${name.replace('SCMP_ARCH_', '').toLowerCase()}\n`,
  );
  const rules = (profile.syscalls ?? []).flatMap((entry) => entry.names.map((name) => ruleText(entry, name)));
  const standard = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  return `profile ${optimize} ${standard}\n${architectures.join('')}${rules.join('')}end\n`;
}

function ruleText({ action, errnoRet, args = [] }: SeccompEntry, name: string): string {
  const conditions = args.map(({ index, op, value, valueTwo = 0 }) =>
    [index, seccompOperators.indexOf(op) + 1, value, valueTwo].join(' '),
  );
  return `${['rule', actionValue(action, errnoRet), name, ...conditions].join(' ')}\n`;
}
