import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScripts } from './scripts.js';

let directory = '';

/** A `bulkhead` that answers what its test wants, and keeps the words it was asked with. */
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bh-completion-'));
  const program = join(directory, 'bulkhead');
  writeFileSync(program, `#!/bin/sh\nprintf '<%s>' "$@" > '${directory}/asked'\nprintf "$ANSWER"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(directory, 'policy.json'), '{}');
  for (const [shell, script] of Object.entries(completionScripts))
    writeFileSync(join(directory, `script.${shell}`), script);
});
afterAll(() => rmSync(directory, { recursive: true }));

const installed = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0;

/** What bash would offer, the way readline asks; its own splitting at the equals sign included. */
function bash(words: readonly string[], answer: string): { offered: string[]; asked: string } {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const commands = `. ./script.bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _bulkhead; printf '%s\\n' "\${COMPREPLY[@]}"; echo "-- $(cat asked)"`;
  const env = { PATH: `${directory}:${process.env['PATH'] ?? ''}`, ANSWER: answer };
  const output = execFileSync('bash', ['--norc', '-c', commands], { cwd: directory, env, encoding: 'utf8' });
  const lines = output.trimEnd().split('\n');
  return { offered: lines.slice(0, -1).filter((line) => line !== ''), asked: lines.at(-1)?.slice(3) ?? '' };
}

describe('bash', () => {
  test('words, by their value alone', () => {
    expect(bash(['bulkhead', 'up', ''], 'words\\nci\\tan instance\\ndefault\\t\\n')).toEqual({
      offered: ['ci', 'default'],
      asked: '<complete><--><up><>',
    });
  });

  test('nothing where nothing is known', () => {
    expect(bash(['bulkhead', 'up', ''], 'words\\n').offered).toEqual([]);
    expect(bash(['bulkhead', 'up', ''], '').offered).toEqual([]);
  });

  test('a value behind an equals sign, which bash takes for words of its own', () => {
    const { offered, asked } = bash(['bulkhead', 'up', '--name', '=', 'c'], 'words\\n--name=ci\\t\\n');
    expect(asked).toBe('<complete><--><up><--name=c>');
    expect(offered).toEqual(['ci']);
    expect(bash(['bulkhead', 'up', '--name', '='], 'words\\n--name=ci\\t\\n').asked).toBe(
      '<complete><--><up><--name=>',
    );
  });

  test('files and directories are found by the shell', () => {
    expect(bash(['bulkhead', 'policy', 'check', 'pol'], 'files\\n').offered).toEqual(['policy.json']);
    expect(bash(['bulkhead', 'up', '--policy', '=', 'pol'], 'files\\n').offered).toEqual(['policy.json']);
    expect(bash(['bulkhead', 'image', 'verify', 'pol'], 'directories\\n').offered).toEqual([]);
  });
});

describe.each([
  ['zsh', ['-f', '-n']],
  ['fish', ['--no-config', '--no-execute']],
] as const)('%s', (shell, options) => {
  // Neither is needed for anything else here, so no machine is asked to install it.
  const there = installed(shell);
  test.skipIf(!there)(
    `is read without an error${there ? '' : ` (skipped: no ${shell} on this machine)`}`,
    () => {
      const { status, stderr } = spawnSync(shell, [...options, join(directory, `script.${shell}`)], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );
});
