/**
 * `make test`: every check in order of cost, so that a typing mistake is known before a VM boots. Goes on after a
 * failure, because the later stages tell more, and ends with one line that counts everything. The VM's tests
 * run beside all others, which by themselves leave one of two processors mostly idle.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { unpackedRoot } from './unpacked-root.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  /** Runs while the next stages do, with what that leaves of the processors; its output comes in one piece when it is over. */
  readonly beside?: boolean;
  readonly command: readonly [string, ...string[]];
  /** How the stage counts: one check by its exit status, or the tests that its report lists. */
  readonly report?: string;
}

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
});

const reports = join(import.meta.dirname, '..', 'build', 'reports');

function vitest(project: string): Stage {
  const report = join(reports, `${project}.json`);
  const command = [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ] as const;
  return { name: `${project} tests`, command: [...command], report };
}

const stages: readonly Stage[] = [
  { name: 'type check', command: ['tsc', '--project', 'test'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  {
    name: 'front door (C)',
    command: ['make', '--no-print-directory', '-C', 'src/runtime/front-door', 'test'],
  },
  { name: 'init (C)', command: ['make', '--no-print-directory', '-C', 'vm-image/init', 'test'] },
  { name: 'VM image', command: ['node', 'dist/cli/main.js', 'image', 'build'] },
  { ...vitest('vm'), beside: true },
  vitest('unit'),
  vitest('image'),
  vitest('engine'),
];

/** What the property tests generate here; a developer's own run of them takes a sample. */
const generatedSpecs = '200000';

/** So that what waits for the host's own engine waits no longer than without a VM beside it. */
const lowPriority = ['nice', '-n', '10'] as const;

/** @param output where it prints: on the terminal, or in this file. */
async function run([file, ...args]: readonly [string, ...string[]], output?: string): Promise<boolean> {
  // Two unit tests run the real runc from there.
  const root = await unpackedRoot();
  const env = {
    BULKHEAD_GENERATED_SPECS: generatedSpecs,
    ...process.env,
    ...(root === undefined ? {} : { BULKHEAD_TEST_ROOT: root }),
  };
  await using log = output === undefined ? undefined : await open(output, 'w');
  const to = log?.fd ?? 'inherit';
  const child = spawn(file, args, { stdio: ['ignore', to, to], env });
  await once(child, 'exit');
  return child.exitCode === 0;
}

async function runStage(stage: Stage): Promise<Counts> {
  if (stage.report !== undefined) await rm(stage.report, { force: true });
  const started = performance.now();
  const output = stage.beside === true ? join(reports, `${stage.name}.log`) : undefined;
  const ok = await run(stage.beside === true ? [...lowPriority, ...stage.command] : stage.command, output);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = stage.report === undefined ? single(ok) : await fromReport(stage.report, ok);
  if (output !== undefined) process.stdout.write(await readFile(output, 'utf8'));
  console.log(
    `${ok ? 'ok' : 'FAILED'}: ${stage.name} (${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped; ${seconds} s)\n`,
  );
  return counts;
}

function single(ok: boolean): Counts {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/** Counts of a vitest JSON report. A run that failed without a failed test (a crash, a set-up error) counts as one failure. */
async function fromReport(path: string, ok: boolean): Promise<Counts> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return single(false);
  const report = reportSchema.parse(JSON.parse(text));
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests === 0 && !ok ? 1 : report.numFailedTests;
  return { passed: report.numPassedTests, failed, skipped };
}

await mkdir(reports, { recursive: true });
const only = process.argv.slice(2);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const running: Promise<void>[] = [];
for (const stage of stages) {
  if (only.length > 0 && !only.some((word) => stage.name.includes(word))) continue;
  const over = runStage(stage).then((counts) => {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  });
  if (stage.beside === true) {
    console.log(`${stage.name} run beside what follows; their output comes when they are over\n`);
    running.push(over);
  } else await over;
}
await Promise.all(running);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
