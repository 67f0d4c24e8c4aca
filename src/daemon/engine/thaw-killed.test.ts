import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thawKilled } from './thaw-killed.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-thaw-'));
  mkdirSync(join(directory, 'proc/sys'), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

const world = (): { proc: string; freezer: string } => ({
  proc: join(directory, 'proc'),
  freezer: join(directory, 'cgroup.procs'),
});

/** Each thread with its state and the bitmap of its pending signals, the first being the process. */
function addProcess(pid: number, threads: readonly (readonly [state: string, pending: number])[]): void {
  const stat = ([state, pending]: readonly [string, number]): string =>
    `${pid} (a) b) ${[state, ...Array.from({ length: 27 }, () => '0'), pending, '0'].join(' ')}\n`;
  for (const [index, thread] of threads.entries()) {
    const at = join(world().proc, String(pid), 'task', String(pid + index));
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'stat'), stat(thread));
    if (index === 0) writeFileSync(join(world().proc, String(pid), 'stat'), stat(thread));
  }
}

const [none, sigTerm, sigKill] = [0, 1 << 14, 1 << 8];

test.each([
  ['a frozen one that was killed', [['D', sigKill]], true],
  ['among other signals', [['D', sigKill | sigTerm]], true],
  [
    'a frozen thread beside one that has ended',
    [
      ['Z', none],
      ['D', sigKill],
    ],
    true,
  ],
  ['a frozen one that was not killed', [['D', sigTerm]], false],
  ['a killed one that runs', [['R', sigKill]], false],
  ['a dead one', [['Z', sigKill]], false],
  ['one that sleeps', [['S', none]], false],
] as const)('thawed: %s', (_, threads, thawed) => {
  writeFileSync(world().freezer, '');
  addProcess(17, threads);
  expect(thawKilled(world())).toEqual(thawed ? [17] : []);
  expect(readFileSync(world().freezer, 'utf8')).toBe(thawed ? '17' : '');
});

test('without such a freezer nothing is done', () => {
  addProcess(17, [['D', sigKill]]);
  expect(thawKilled(world())).toEqual([]);
});

test('a process that ends meanwhile is passed over', () => {
  writeFileSync(world().freezer, '');
  mkdirSync(join(world().proc, '16'));
  addProcess(17, [['D', sigKill]]);
  expect(thawKilled(world())).toEqual([17]);
});
