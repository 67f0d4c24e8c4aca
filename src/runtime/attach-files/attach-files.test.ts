import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/* What it does in a container is shown in test/engine/setting-files.test.ts; here, that it does nothing where there is none. */
const build = mkdtempSync(join(tmpdir(), 'bulkhead-attach-'));
afterAll(() => rmSync(build, { recursive: true, force: true }));

test('it compiles without a warning', () => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `OUT=${build}`], { encoding: 'utf8' });
  expect([made.stderr, made.status]).toEqual(['', 0]);
}, 60_000);

/** Runs it as a child of a shell, which is there in the place of runc; `before` makes the shell's other children. */
const run = (before: string, ...args: string[]) =>
  spawnSync(
    'sh',
    [
      '-c',
      `${before} "$0" "$@"; status=$?; kill $one $two 2>/dev/null; exit $status`,
      join(build, 'attach-files'),
      ...args,
    ],
    {
      encoding: 'utf8',
    },
  );

test.each([
  [[]],
  [['100000']],
  [['0', 'a']],
  [['x', 'a']],
  [['1x', 'a']],
  [['4294967295', 'a']],
  [['-1', 'a']],
])('it does nothing with the arguments %j', (args) => {
  expect(run('', ...args)).toMatchObject({ status: 64, stderr: 'usage: attach-files BASE NAME...\n' });
});

test.each([
  ['no other child', ''],
  ['several', 'sleep 60 & one=$!; sleep 60 & two=$!;'],
])('it enters nothing when its parent has %s', (_how, before) => {
  expect(run(before, '100000', 'kernel/panic')).toMatchObject({
    status: 0,
    stderr: 'bulkhead: runc has no child, or several, that could be the container: No child processes\n',
  });
});
