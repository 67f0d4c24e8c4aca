import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinRelay } from './join-relay.js';

let directory: string;
let relay: Server;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-relay-'));
  relay = createServer({ allowHalfOpen: true });
});
afterEach(() => {
  relay.close();
  rmSync(directory, { recursive: true });
});

test('what the host says is said to the relay, each direction until its own end', async () => {
  const path = join(directory, 'door');
  relay.listen(path);
  await once(relay, 'listening');
  const arrived = new Promise<Socket>((resolve) => relay.once('connection', resolve));
  const [host, guest] = duplexPair();
  joinRelay(guest, path);
  host.end('control 1\n');
  const visitor = await arrived;
  expect(await text(visitor)).toBe('control 1\n');
  visitor.end('hello 1 5\n');
  expect(await text(host)).toBe('hello 1 5\n');
});

test('a relay that is gone breaks the stream off', async () => {
  const [host, guest] = duplexPair();
  joinRelay(guest, join(directory, 'nobody'));
  host.on('error', () => undefined);
  await once(guest, 'close');
  expect(guest.readableEnded).toBe(false);
});
