import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PullProgress, type PulledVersion } from './pull-progress.js';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const from = (tag: string) => ({ status: 'Pulling from library/x', id: tag });
const digest = (letter: string) => ({ status: `Digest: ${digestOf(letter)}` });
const done = { status: 'Status: Downloaded newer image for x' };
const written = (...lines: readonly object[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));

function read(...pieces: readonly Buffer[]): PulledVersion[] {
  const progress = new PullProgress();
  return pieces.flatMap((piece) => progress.push([piece]));
}

test('a version has come when its digest was told and something after it', () => {
  const layer = { status: 'Already exists', progressDetail: {}, id: 'd23193f7b19f' };
  expect(read(written(from('1.2'), layer, digest('a'), done))).toEqual([
    { tag: '1.2', digest: digestOf('a') },
  ]);
  expect(read(written(from('1.2'), layer, digest('a')))).toEqual([]);
  expect(read(written(from('1.2'), layer, { errorDetail: { message: 'no' }, error: 'no' }))).toEqual([]);
});

test('of all tags each has its digest', () => {
  expect(read(written(from('1'), digest('a'), from('2'), digest('b'), done))).toEqual([
    { tag: '1', digest: digestOf('a') },
    { tag: '2', digest: digestOf('b') },
  ]);
});

test('what was asked for by its digest has no tag', () => {
  expect(read(written(from(digestOf('a')), digest('a'), done))).toEqual([
    { tag: undefined, digest: digestOf('a') },
  ]);
});

test('a line that is none, too long or of other words says nothing', () => {
  const long = { status: 'x'.repeat(100_000) };
  expect(read(written(from('1')), Buffer.from('{"status":\n[]\n'), written(digest('a'), done))).toHaveLength(
    1,
  );
  expect(read(written(from('1'), digest('a'), long), written(done))).toHaveLength(1);
  const cut = written(long, from('1'), digest('a'), done);
  expect(read(cut.subarray(0, 80_000), cut.subarray(80_000))).toEqual([{ tag: '1', digest: digestOf('a') }]);
  expect(
    read(written({ status: 'Digest: sha256:no' }, { status: `x Digest: ${digestOf('a')}` }, done)),
  ).toEqual([]);
});

test('it makes no difference in what pieces it comes', () => {
  const whole = written(from('1'), { status: 'é' }, digest('a'), from('2'), digest('b'), done);
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      expect(read(...pieces)).toEqual(read(whole));
    }),
  );
});
