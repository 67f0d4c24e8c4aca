import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../common/log.js';
import { FilteredSockets, type SocketOwner } from './filtered-sockets.js';
import type { SocketRelays } from './socket-relays.js';

let directory: string;
const held = new Set<string>();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-sockets-'));
  held.clear();
  relays = new RelaysDouble();
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});
/** What socket-relay does, in this process. */
class RelaysDouble implements SocketRelays {
  readonly #servers = new Map<string, Server>();
  async start(at: string): Promise<void> {
    const server = createServer((client) => {
      const gate = connect(join(at, 'gate'));
      client.pipe(gate).pipe(client);
    });
    this.#servers.set(at, server);
    await new Promise<void>((resolve) => {
      server.listen(join(at, 'docker.sock'), resolve);
    });
  }
  stop(at: string): void {
    this.#servers.get(at)?.close();
  }
}
let relays: RelaysDouble;

const one: SocketOwner = {
  containerId: 'a'.repeat(64),
  image: 'docker:cli',
  imageId: `sha256:${'1'.repeat(64)}`,
};
const other: SocketOwner = { ...one, containerId: 'b'.repeat(64) };

function sockets(): FilteredSockets {
  return new FilteredSockets({
    directory,
    relays,
    isHeld: (id) => held.has(id),
    serve: (connection, owner) => {
      connection.end(owner.containerId);
    },
    mostConnections: 3,
    log: createLogger('test', { write: () => undefined }),
  });
}
const said = (path: string): Promise<string> => text(connect(path));

test('a connection is known by the socket it comes in by', async () => {
  const all = sockets();
  const paths = [await all.open(one), await all.open(other)];
  expect(await Promise.all(paths.map(said))).toEqual([one.containerId, other.containerId]);
  expect(all.ownerOf(one.containerId)).toEqual(one);
});

test('each start has a new one, and the earlier one is gone', async () => {
  const all = sockets();
  const first = await all.open(one);
  const second = await all.open(one);
  expect(second).not.toBe(first);
  expect([existsSync(dirname(first)), await said(second)]).toEqual([false, one.containerId]);
});

test('it goes with the container, but not while that is starting again', async () => {
  const all = sockets();
  const path = await all.open(one);
  all.over(one.containerId);
  expect(existsSync(path)).toBe(true);
  held.add(one.containerId);
  all.started(one.containerId);
  all.over(one.containerId);
  expect(existsSync(path)).toBe(true);
  held.clear();
  all.over(one.containerId);
  expect([existsSync(dirname(path)), all.ownerOf(one.containerId)]).toEqual([false, undefined]);
});

test('the next daemon serves those of containers that run, and only those', async () => {
  const before = sockets();
  // As a record of dockerd's is, of which an owner is a part.
  const record = { ...one, name: 'one', labels: {} };
  const path = await before.open(record);
  await before.open(other);
  held.add(one.containerId);
  const all = sockets();
  await all.restore();
  expect(readdirSync(directory)).toEqual([dirname(path).slice(directory.length + 1)]);
  expect([await said(path), all.ownerOf(one.containerId)]).toEqual([one.containerId, one]);
});

test('containers have a bounded number of connections together, and room again when one of them closes', async () => {
  const taken: Socket[] = [];
  const all = new FilteredSockets({
    directory,
    relays,
    isHeld: () => true,
    serve: (connection) => {
      taken.push(connection);
      connection.write('served');
    },
    mostConnections: 2,
    log: createLogger('test', { write: () => undefined }),
  });
  const paths = [await all.open(one), await all.open(other)];
  const clients = paths.map((path) => connect(path));
  await Promise.all(clients.map(async (client) => once(client, 'data')));
  expect(await said(paths[0] ?? '')).toBe('');
  expect(taken).toHaveLength(2);
  const closed = once(taken[0] ?? new Socket(), 'close');
  taken[0]?.destroy();
  await closed;
  const next = connect(paths[1] ?? '');
  expect(String((await once(next, 'data'))[0])).toBe('served');
  for (const socket of [...clients, ...taken, next]) socket.destroy();
});
