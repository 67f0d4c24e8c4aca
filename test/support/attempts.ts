import { beforeAll, expect, test } from 'vitest';
import type { Docker } from './docker.ts';

/** One probe of a row: a shell script that says `ALLOWED` where the attack worked, and what it must print instead. */
export interface Attempt {
  readonly row: string;
  readonly what: string;
  readonly script: string;
  readonly says: RegExp;
}

export interface AttemptOptions {
  readonly flags: readonly string[];
  readonly image: () => string;
  /** Values outside that must be the same before and after. */
  readonly sentinels: () => Promise<unknown>;
}

/**
 * Runs all attempts in one container, each in a shell of its own, then one test for each row looks at what it said; another compares
 * what is outside with what it was.
 */
export function attemptTests(
  docker: () => Docker,
  attempts: readonly Attempt[],
  { flags, image, sentinels }: AttemptOptions,
): void {
  let before: unknown;
  let parts: readonly string[] = [];
  beforeAll(async () => {
    before = await sentinels();
    const script = attempts.map(({ script: one }) => `( ${one}\n) 2>&1 </dev/null; echo; echo '=====';`);
    const { stdout } = await docker().run(['run', '--rm', ...flags, image(), 'sh', '-c', script.join('\n')]);
    parts = stdout.split('=====').map((part) => part.trim());
  });

  test.each(attempts.map((attempt, index) => ({ ...attempt, index })))('$row: $what', ({ index, says }) => {
    const said = parts[index];
    expect(said).toBeDefined();
    expect(said).not.toContain('ALLOWED');
    expect(said).toMatch(says);
  });

  test('after these attempts nothing outside has changed', async () => {
    expect(await sentinels()).toEqual(before);
  });
}
