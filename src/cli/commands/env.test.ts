import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { assignment } from './env.js';

test.each([
  [
    'sh',
    'unix:///run/user/0/bulkhead/default/docker.sock',
    'export DOCKER_HOST=unix:///run/user/0/bulkhead/default/docker.sock',
  ],
  ['fish', "unix:///it's", String.raw`set -gx DOCKER_HOST 'unix:///it\'s';`],
  ['powershell', "unix:///it's", "$Env:DOCKER_HOST = 'unix:///it''s'"],
] as const)('%s', (shell, value, text) => {
  expect(assignment(shell, value)).toBe(text);
});

test.each(['unix:///plain', 'unix:///a b', 'unix:///it\'s $(touch /tmp/x) `id` \\ "', 'unix:///a;b&c|d'])(
  'a shell gives %j back unchanged and runs nothing of it',
  (value) => {
    const script = `${assignment('sh', value)}; printf %s "$DOCKER_HOST"`;
    expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(value);
  },
);
