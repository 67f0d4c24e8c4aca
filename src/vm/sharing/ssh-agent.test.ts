import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { invokingUser, openSshAgent } from './ssh-agent.js';

test.each([
  [{ SUDO_UID: '1000' }, 0, 1000],
  [{ SUDO_UID: 'x' }, 0, 0],
  [{}, 0, 0],
  [{ SUDO_UID: '0' }, 1000, 1000],
])('with %j user %i acts for %i', (env, uid, user) => {
  expect(invokingUser(env, uid)).toBe(user);
});

test.runIf(process.platform === 'linux')('only a socket of that user is an ssh agent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-agent-'));
  const uid = process.getuid?.() ?? 0;
  const server = createServer();
  try {
    server.listen(join(dir, 'agent'));
    await once(server, 'listening');
    await writeFile(join(dir, 'file'), '');
    await (await openSshAgent(join(dir, 'agent'), uid)).close();
    for (const [path, owner, text] of [
      ['', uid, 'SSH_AUTH_SOCK is not set'],
      [join(dir, 'missing'), uid, 'ENOENT'],
      [join(dir, 'file'), uid, 'is not a socket'],
      [join(dir, 'agent'), uid + 1, `belongs to user ${uid}`],
    ] as const)
      await expect(openSshAgent(path, owner)).rejects.toThrow(text);
  } finally {
    server.close();
    await rm(dir, { recursive: true });
  }
});
