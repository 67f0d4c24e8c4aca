import type { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { nextChunk, readAll, socketPair } from '../../channel/test-support/streams.js';
import { GuestPorts } from './guest-ports.js';
import { type LeaseParts, serveLease } from './lease.js';

const line = 'publish tcp 0.0.0.0 8080 172.17.0.2 80 0\n';

/** A lease, what it did in order, and the end of publish-port. */
async function lease(
  parts: { readonly [Part in keyof LeaseParts]?: Partial<LeaseParts[Part]> } = {},
  guestPorts = new GuestPorts(0),
): Promise<{ done: string[]; client: Socket; ended: Promise<void> }> {
  const [client, server] = await socketPair();
  const done: string[] = [];
  const ended = serveLease(server, {
    host: {
      publish: async ({ guestPort }) => void done.push(`listen ${guestPort}`),
      release: async ({ guestPort }) => {
        await new Promise(setImmediate);
        done.push(`stop ${guestPort}`);
      },
      ...parts.host,
    },
    table: {
      open: async () => undefined,
      isFree: () => true,
      add: async ({ guestPort }) => void done.push(`add ${guestPort}`),
      remove: async ({ guestPort }) => void done.push(`remove ${guestPort}`),
      ...parts.table,
    },
    guestPorts,
    log: { info: () => undefined, warn: () => undefined },
  });
  return { done, client, ended };
}

test.each([
  ['is released', (client: Socket) => client.write('release\n')],
  ['ends with its process', (client: Socket) => client.destroy()],
])('a port that %s: the host stops before the VM does', async (_how, give) => {
  const guestPorts = new GuestPorts(0);
  const { done, client, ended } = await lease({}, guestPorts);
  client.write(line);
  expect(String(await nextChunk(client))).toBe('ok 1024\n');
  expect(guestPorts.take(1024, '172.17.0.3')).toBeUndefined();
  give(client);
  await ended;
  expect(done.slice(0, 2).sort()).toEqual(['add 1024', 'listen 1024']);
  expect(done.indexOf('remove 1024')).toBeGreaterThan(done.indexOf('stop 1024'));
  expect(guestPorts.take(1024, '172.17.0.3')).toBe(1024);
});

test.each<[string, Parameters<typeof lease>[0], string, string]>([
  [
    'the host does not listen',
    { host: { publish: () => Promise.reject(new Error('it is taken')) } },
    line,
    'it is taken',
  ],
  ['the firewall is full', { table: { add: () => Promise.reject(new Error('no room')) } }, line, 'no room'],
  [
    'there is no firewall',
    { table: { open: () => Promise.reject(new Error('gone')) } },
    line,
    'could not be set up: gone',
  ],
  ['the line makes no sense', {}, 'publish everything\n', 'not asked for a port as publish-port asks'],
  ['the port is no longer its own', {}, line.replace(/0\n$/, '80\n'), 'port 80 of the VM'],
])('where %s publish-port is told, and nothing stays', async (_what, parts, said, reason) => {
  const guestPorts = new GuestPorts(0);
  const { done, client, ended } = await lease(parts, guestPorts);
  client.write(said);
  const answer = String(await readAll(client));
  expect(answer).toMatch(/^error [^\n]*\n$/);
  expect(answer).toContain(reason);
  client.end();
  await ended;
  for (const taken of done.filter((act) => act.startsWith('listen')))
    expect(done).toContain(taken.replace('listen', 'stop'));
  for (const added of done.filter((act) => act.startsWith('add')))
    expect(done).toContain(added.replace('add', 'remove'));
  expect(guestPorts.take(1024, '172.17.0.3')).toBe(1024);
});

test('a container that has as many as it may is told, and others are not', async () => {
  const guestPorts = new GuestPorts(0);
  while (guestPorts.refusalOf('172.17.0.2') === undefined) guestPorts.take(0, '172.17.0.2');
  const { done, client } = await lease({}, guestPorts);
  client.write(line);
  expect(String(await readAll(client))).toMatch(
    /^error the container has 512 published ports already[^\n]*\n$/,
  );
  expect(done).toEqual([]);
  const other = await lease({}, guestPorts);
  other.client.write(line.replace('172.17.0.2', '172.17.0.3'));
  expect(String(await nextChunk(other.client))).toBe(`ok ${1024 + 512}\n`);
});

test('who leaves before the host has answered leaves nothing behind', async () => {
  const waiting = Promise.withResolvers<void>();
  const release = vi.fn<() => Promise<void>>(async () => {
    waiting.reject(new Error('it is not wanted any more'));
  });
  const guestPorts = new GuestPorts(0);
  const { done, client, ended } = await lease(
    { host: { publish: () => waiting.promise, release } },
    guestPorts,
  );
  client.write(line);
  await vi.waitFor(() => expect(done).toContain('add 1024'));
  client.destroy();
  await ended;
  expect(release).toHaveBeenCalled();
  expect(done).toContain('remove 1024');
  expect(guestPorts.take(1024, '172.17.0.3')).toBe(1024);
});

test('a port of an IPv6 address of a container is granted and not asked of the host', async () => {
  const { done, client, ended } = await lease();
  client.write('publish tcp :: 8080 fd00::2 80 0\n');
  expect(String(await nextChunk(client))).toBe('ok 1024\n');
  client.end();
  await ended;
  expect(done).toEqual([]);
});
