import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgentRelay, mostAgentConnections } from './ssh-agent-relay.js';

let directory: string;
let agent: Server;
let relay: Server;
let held: number;
const clients: Socket[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-agent-'));
  held = 0;
  // Answers each byte with itself.
  agent = createServer((client) => {
    held += 1;
    client.on('error', () => undefined);
    client.on('close', () => (held -= 1));
    client.pipe(client);
  }).listen(join(directory, 'agent'));
  await once(agent, 'listening');
  relay = createAgentRelay(join(directory, 'agent'), pino({ enabled: false })).listen(
    join(directory, 'relay'),
  );
  await once(relay, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of [agent, relay]) server.close();
  rmSync(directory, { recursive: true });
});

/** @returns whether the agent answers. */
async function ask(): Promise<boolean> {
  const client = connect(join(directory, 'relay'));
  clients.push(client);
  client.write('x');
  return new Promise((resolve) => {
    client.on('data', () => resolve(true));
    client.on('error', () => resolve(false));
    client.on('close', () => resolve(false));
  });
}

test('connections beyond the limit never reach the agent, and others do once there is room', async () => {
  const many = await Promise.all(Array.from({ length: mostAgentConnections + 20 }, ask));
  expect(many.filter(Boolean)).toHaveLength(mostAgentConnections);
  expect(held).toBe(mostAgentConnections);
  for (const client of clients.splice(0)) client.destroy();
  // The agent may see an end before the relay counts it.
  await expect.poll(ask, { timeout: 4000 }).toBe(true);
});
