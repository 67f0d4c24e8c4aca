import { messageOf } from '../../common/cause.js';
import { type Check, type Finding, type Level, warning } from './check.js';
import type { Site } from './site.js';

/** A check whose facts are its own business. */
export interface RunnableCheck {
  readonly name: string;
  run(site: Site): Promise<readonly Finding[]>;
}

export function runnable<Facts>(check: Check<Facts>): RunnableCheck {
  return { name: check.name, run: async (site) => check.judge(await check.gather(site)) };
}

export interface CheckReport extends Finding {
  readonly check: string;
}

/** Of each check: a disk or a Docker client that hangs must not keep the other answers from the reader. */
const deadlineMs = 20_000;

/** Every finding of every check, in their order. A check that fails or takes too long is a warning itself: nothing is known then. */
export async function runChecks(
  checks: readonly RunnableCheck[],
  site: Site,
  deadline = deadlineMs,
): Promise<readonly CheckReport[]> {
  const reports = await Promise.all(
    checks.map(async (check) => {
      const findings = await findingsOf(check, site, deadline);
      return findings.map((finding) => ({ check: check.name, ...finding }));
    }),
  );
  site.signal.throwIfAborted();
  return reports.flat();
}

async function findingsOf(check: RunnableCheck, site: Site, deadline: number): Promise<readonly Finding[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${deadline / 1000} s`)), deadline);
  try {
    return await Promise.race([check.run(site), late.promise]);
  } catch (error) {
    const cure = 'Run `bulkhead doctor` again; if it stays so, please report it.';
    return [warning(`could not be looked at: ${messageOf(error)}`, cure)];
  } finally {
    clearTimeout(timer);
  }
}

const severity: Readonly<Record<Level, number>> = { ok: 0, warning: 1, problem: 2 };

export function worstOf(findings: readonly Finding[]): Level {
  return findings.reduce<Level>(
    (worst, { level }) => (severity[level] > severity[worst] ? level : worst),
    'ok',
  );
}
