import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandTree } from '../../dist/cli/manual/command-tree.js';
import { manPage } from '../../dist/cli/manual/man-page.js';
import { macro, roffParagraphs, roffText } from '../../dist/cli/manual/roff.js';

const file = fileURLToPath(new URL('../../docs/bulkhead.1', import.meta.url));

// Not beside the code: every change of a command or an option is one of the page, and these tests run with every change.
test('docs/bulkhead.1 is that of the present commands', async () => {
  expect(manPage(await commandTree()), 'run `node scripts/man-page.ts`').toBe(readFileSync(file, 'utf8'));
});

/** What groff has to say of a page; nothing where it is in order. */
function complaints(page: string): string {
  const { status, stderr, error } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
    input: page,
    encoding: 'utf8',
  });
  return status === 0 ? stderr : `status ${status}: ${stderr} ${error?.message ?? ''}`;
}

test('groff renders it without a warning, and would give one', () => {
  expect(complaints(readFileSync(file, 'utf8'))).toBe('');
  expect(complaints('.TH X 1\n.NOSUCHMACRO\n')).toContain('NOSUCHMACRO');
});

test('every command and none of the hidden ones is in it', async () => {
  const page = readFileSync(file, 'utf8');
  const program = await commandTree();
  for (const command of program.commands.filter(({ commands }) => commands.length === 0))
    expect(page).toContain(macro('SS', `bulkhead ${command.name()} ${command.usage()}`));
  expect(page).not.toContain('bulkhead controller');
});

test('no text is taken for a request or an escape', () => {
  expect(roffText('.so /etc/passwd')).toBe(String.raw`\&.so /etc/passwd`);
  expect(roffText('\\n \'a\' "b" --c …')).toBe(String.raw`\en \(aqa\(aq \(dqb\(dq \-\-c \[u2026]`);
  expect(roffParagraphs('\nOne\ntwo\n\nExamples:\n  $ a  b\n')).toEqual([
    '.PP',
    'One',
    'two',
    '.PP',
    'Examples:',
    '.RS 4',
    '.nf',
    '$ a  b',
    '.fi',
    '.RE',
  ]);
});
