import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const build = mkdtempSync(join(tmpdir(), 'bulkhead-idle-'));
const program = join(build, 'against-kernel');
const library = join(build, 'idle-sockets.so');
/** With room for 100 descriptors of the two hundred. */
const small = join(build, 'small/idle-sockets.so');

function make(...words: readonly string[]): void {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, ...words], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
}

beforeAll(() => {
  make(`BUILD=${build}`, library, program);
  make(`BUILD=${dirname(small)}`, 'CC=gcc -DMOST=100', small);
});
afterAll(() => rmSync(build, { recursive: true }));

test.each([
  ['some hundred sockets', library, 150, 200],
  ['those there is room for', small, 50, 100],
])(
  'what is said of %s is what the kernel says, whatever becomes of them, and who waits is woken',
  (_what, loaded, least, most) => {
    for (const seed of ['1', '2', '3']) {
      const env = { LD_PRELOAD: loaded };
      const { stdout, status } = spawnSync(program, ['20000', seed], {
        encoding: 'utf8',
        env,
        timeout: 60_000,
      });
      const [said = '', ...woken] = stdout.trimEnd().split('\n');
      const [same, parked] = said.split(' ').map(Number);
      expect([status, same, woken]).toEqual([0, 20_000, ['1: 1 0x1', '1: 1 0x11']]);
      // That they were left to an epoll instance at all.
      expect(parked).toBeGreaterThan(least);
      expect(parked).toBeLessThan(most);
    }
  },
);
