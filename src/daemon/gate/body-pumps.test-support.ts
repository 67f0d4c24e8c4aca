import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll } from 'vitest';
import { type BodyPumps, createBodyPumps, type PumpEnd } from './body-pumps.js';

export interface CompiledPumps extends BodyPumps {
  /** Where those that ran have stopped, since this was last emptied. */
  readonly ends: PumpEnd[];
}

/** Pumps of body-pump.c, compiled for this file of tests, with the sanitizers. */
export function compiledPumps(): CompiledPumps {
  let directory = '';
  let pumps: BodyPumps | undefined;
  const ends: PumpEnd[] = [];
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-body-pump-'));
    const source = join(import.meta.dirname, '../body-pump');
    await execa('make', ['--silent', '-C', source, `OUT=${directory}`, `${directory}/checked`]);
    pumps = createBodyPumps(join(directory, 'checked'))('test');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  return {
    ends,
    async start(source, destination) {
      const pump = await pumps?.start(source, destination);
      if (pump === undefined) return undefined;
      return {
        ...pump,
        async run(start) {
          const end = await pump.run(start);
          ends.push(end);
          return end;
        },
      };
    },
  };
}
