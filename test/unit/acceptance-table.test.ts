import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Rows of this project's own acceptance tables and probes: §10.1 to 10.8 of one reference, §9.1 to 9.3 of the other. */
const sections: readonly (readonly [letter: string, last: number, first?: number])[] = [
  ['A', 11],
  ['B', 15],
  ['C', 10],
  ['D', 15],
  ['E', 20],
  ['F', 6],
  ['F', 13, 11],
  ['G', 10],
  ['H', 16],
  ['R9.1.', 13],
  ['R9.2.', 37],
  ['R9.3.', 26],
];
const rows = sections.flatMap(([letter, last, first = 1]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index)).map(
    (number) => letter + (letter.length === 1 ? number.padStart(2, '0') : number),
  ),
);

function filesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => name !== relative(root, import.meta.filename));
}

const id = String.raw`(?:[A-H]\d\d|R9\.[123]\.\d+)`;
/** A text that begins with rows: a title, or the first column of the table of one. */
const title = new RegExp(String.raw`(['"\x60])(${id}(?:, ${id})*)(?=:|\1)`, 'g');

/** Rows → files whose test titles name them. */
function rowsInTitles(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of filesBelow('test')) {
    for (const [, , names = ''] of readFileSync(join(root, file), 'utf8').matchAll(title)) {
      for (const name of names.split(', ')) found.set(name, (found.get(name) ?? new Set()).add(file));
    }
  }
  return found;
}

/** Projects that run a file: its own, or, of shared rows, those whose files import it, directly or by another shared file. */
function runsIn(file: string): string[] {
  if (file.startsWith('test/vm/')) return ['VM'];
  if (!file.startsWith('test/acceptance/')) return ['native'];
  const name = `/${file.slice('test/acceptance/'.length)}'`;
  return ['test/engine', 'test/security', 'test/vm', 'test/acceptance']
    .flatMap(filesBelow)
    .filter((user) => readFileSync(join(root, user), 'utf8').includes(name))
    .flatMap(runsIn);
}

const page = readFileSync(join(root, 'docs/acceptance.md'), 'utf8');
const table = new Map(
  [...page.matchAll(/^\| (\S+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|/gm)].map(
    ([, row = '', files = '', where = '']) => [row, { files: files.trim(), where: where.trim() }],
  ),
);

test('docs/acceptance.md has a line for each row, and no other', () => {
  expect([...table.keys()].filter((row) => new RegExp(`^${id}$`).test(row))).toEqual(rows);
});

test.each(rows)('%s: the table says where it is tested', (row) => {
  const files = [...(rowsInTitles().get(row) ?? [])].sort();
  const where = ['native', 'VM'].filter((project) => files.some((file) => runsIn(file).includes(project)));
  expect(table.get(row)).toEqual(
    files.length === 0
      ? { files: '–', where: 'not yet' }
      : {
          files: files.map((file) => `\`${file.slice('test/'.length)}\``).join(', '),
          where: where.join(', '),
        },
  );
});

/** Rows of the tests of another runtime: what, tests by file and part of a title, why there is none. */
const others = [...page.matchAll(/^\| (S\d\d) \| [^|]+ \| ([^|]+) \| ([^|]*)\|$/gm)].map(
  ([, row = '', tests = '', note = '']) => ({
    row,
    tests: [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
    note: note.trim(),
  }),
);

test('docs/acceptance.md has a line for each of the sixty tests of another runtime', () => {
  expect(others.map(({ row }) => row)).toEqual(
    Array.from({ length: 60 }, (_, index) => `S${String(index + 1).padStart(2, '0')}`),
  );
});

test.each(others)('$row: the tests it names are there, or it says why there is none', ({ tests, note }) => {
  expect(tests.length > 0 || note !== '').toBe(true);
  for (const { file, title: part } of tests) {
    expect(readFileSync(join(root, 'test', file), 'utf8')).toContain(part);
    expect(runsIn(`test/${file}`)).toContain('native');
  }
});
