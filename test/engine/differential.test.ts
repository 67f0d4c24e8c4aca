import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { plain } from '../bench/runtimes.ts';
import { startBenchEngine } from '../bench/with-engine.ts';
import { invocations } from './differential/invocations.ts';
import { observe } from './differential/observe.ts';

/** Command lines in the first column of the tables of docs/differences.md, but those that differ in the VM alone. */
function listed(): string[] {
  const whole = readFileSync(join(import.meta.dirname, '../../docs/differences.md'), 'utf8');
  const page = whole.replaceAll(/^## [^\n]* (?:in|of) the VM\n.*?(?=^## )/gms, '');
  return [...page.matchAll(/^\| `(docker run (?:[^`\\]|\\.)+)` \|/gm)].map(([, line = '']) =>
    line.replaceAll(String.raw`\|`, '|'),
  );
}

/** Rows at a time: two processors are kept busy, and no row waits for the other's containers. */
const atOnce = 3;

test(
  'ordinary invocations do the same isolated as under plain runc, or docs/differences.md says why not',
  { timeout: 300_000 },
  async () => {
    // An engine of its own: that of the other tests must not know a runtime that leads past the front door.
    await using engine = await startBenchEngine('differ', inject('testedRoot'));
    const { docker, internals } = engine;
    const differing = new Map<string, { plain: string; isolated: string | undefined }>();
    const rows = invocations.values();
    let compared = 0;
    const work = async (): Promise<void> => {
      for (const row of rows) {
        const expected = await observe(row, plain, docker, internals);
        const isolated = await observe(row, 'bulkhead', docker, internals);
        compared += 'script' in row ? row.script.length : 1;
        for (const [line, text] of expected) {
          if (isolated.get(line) !== text) differing.set(line, { plain: text, isolated: isolated.get(line) });
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));

    expect(compared).toBeGreaterThanOrEqual(200);
    const known = new Set(listed());
    expect(Object.fromEntries([...differing].filter(([line]) => !known.has(line)))).toEqual({});
    // A difference that is none any more must not stay in the documentation.
    expect([...known].filter((line) => !differing.has(line))).toEqual([]);
  },
);
