import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStatus } from './quick-status.js';

let directory = '';
let server: Server | undefined;
const path = (): string => join(directory, 's.sock');

beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'bh-quick-'))));
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(directory, { recursive: true });
});

async function serve(listener: RequestListener): Promise<void> {
  server = createServer(listener).listen(path());
  await once(server, 'listening');
}

const document = { state: 'ready', facts: {}, words: 'é'.repeat(100_000) };

test('the document of a server as the controller has it, whole, and the deadline it is asked with', async () => {
  let asked = '';
  await serve((request, response) => {
    asked = request.url ?? '';
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(document));
  });
  expect(await quickStatus(path(), 60)).toEqual(document);
  expect(asked).toBe('/status?within=60');
});

test.each<[string, RequestListener]>([
  ['a refusal', (_, response) => void response.writeHead(409).end('{"code":"BH_INTERNAL","params":{}}')],
  ['a controller from before an update', (_, response) => void response.end('{"state":"ready"}')],
  ['no JSON', (_, response) => void response.end('ready')],
  ['an answer that is cut off', (request) => void request.socket.destroy()],
])('%s is left to the other way', async (_, listener) => {
  await serve(listener);
  expect(await quickStatus(path(), 60)).toBeUndefined();
});

test('so is a socket nobody listens on', async () => {
  expect(await quickStatus(path(), 60)).toBeUndefined();
});
