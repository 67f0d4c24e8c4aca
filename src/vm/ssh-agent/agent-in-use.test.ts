import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { framed, framedMessages } from '../../common/ssh-agent/index.js';
import type { Settings, UserSettings } from '../../policy/index.js';
import { agentInUse, askAgentAt } from './agent-in-use.js';

const uid = process.getuid?.() ?? 0;
const keys = Buffer.from([12, 0, 0, 0, 0]);
let directory: string;
let socket: string;
let server: Server;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-agent-'));
  socket = join(directory, 'agent');
  server = createServer((client) => {
    void framedMessages(client)
      .next()
      .then(() => client.write(framed(keys)));
  }).listen(socket);
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const nothing: Settings = { configurationFileVersion: 2, bulkhead: { contact: 'Ada' } };
const wish: UserSettings = { bulkhead: { sshAgent: true } };
const env = () => ({ SSH_AUTH_SOCK: socket });

test('without a wish there is none, and nothing is said', async () => {
  const found = await agentInUse({ named: false, policy: undefined, user: {}, env: env() });
  expect(found).toEqual({ agent: undefined, notes: [] });
});

test.each([
  ['--ssh-agent', true, {}],
  ['bulkhead.sshAgent; user', false, wish],
])('%s gives it, and says what containers can do', async (by, named, user) => {
  const { agent, notes } = await agentInUse({ named, policy: undefined, user, env: env() });
  expect(agent).toEqual({ path: socket, owner: uid });
  expect(notes).toEqual([expect.stringMatching(`anything signed with the keys .* \\(${by}\\)`)]);
});

test('a policy that says nothing has not allowed it: an option is an error, a setting nothing', async () => {
  await expect(agentInUse({ named: true, policy: nothing, user: {}, env: env() })).rejects.toMatchObject({
    code: 'BH_SSH_AGENT_REFUSED',
    params: { contact: 'Ada' },
  });
  const found = await agentInUse({ named: false, policy: nothing, user: wish, env: env() });
  expect(found.agent).toBeUndefined();
});

test('an agent that is not there is an error where it was named, and told where it was not', async () => {
  const gone = { SSH_AUTH_SOCK: join(directory, 'gone') };
  await expect(agentInUse({ named: true, policy: undefined, user: {}, env: gone })).rejects.toMatchObject({
    code: 'BH_SSH_AGENT',
  });
  const found = await agentInUse({ named: false, policy: undefined, user: wish, env: {} });
  expect(found).toEqual({ agent: undefined, notes: [expect.stringContaining('SSH_AUTH_SOCK is not set')] });
});

test('the agent is asked where it is, and nobody is who has another owner', async () => {
  expect(await askAgentAt({ path: socket, owner: uid })(Buffer.from([11]))).toEqual(keys);
  await expect(askAgentAt({ path: socket, owner: uid + 1 })(Buffer.from([11]))).rejects.toThrow(
    `belongs to user ${uid}`,
  );
});
