import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectRelay } from './relay-link.js';

test('a relay that does not read what it is told is none', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-relay-'));
  const path = join(directory, 'door');
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined).pause())).listen(
    path,
  );
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
  const link = await connectRelay(path, () => undefined);
  const bytes = Buffer.alloc(16_384);
  for (let id = 1; id <= 2000; id += 1) link.send({ kind: 'answer', id, bytes });
  expect(String(await link.ended)).toContain('it does not read');
});
