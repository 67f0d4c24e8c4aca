import type { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { nextChunk, readAll, socketPair } from '../../channel/test-support/streams.js';
import { GuestPorts } from './guest-ports.js';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { serveLease } from './lease.js';
import type { LeaseParts } from './publish-lease.js';

const line = 'publish tcp 0.0.0.0 8080 172.17.0.2 80 0\n';

/** A lease, what it did in order, and the end of publish-port. */
async function lease(
  parts: {
    readonly host?: Partial<LeaseParts['host']>;
    readonly table?: Partial<LeaseParts['table']>;
    readonly ownIpv4?: LeaseParts['ownIpv4'];
  } = {},
  guestPorts = new GuestPorts(0),
): Promise<{ done: string[]; client: Socket; clock: ManualClock; ended: Promise<void> }> {
  const [client, server] = await socketPair();
  const done: string[] = [];
  const clock = new ManualClock();
  const ended = serveLease(server, {
    host: {
      publish: async ({ guestPort, address }) => {
        done.push(`listen ${guestPort}${address === '::' ? ' by IPv6' : ''}`);
      },
      release: async ({ guestPort }) => {
        await new Promise(setImmediate);
        done.push(`stop ${guestPort}`);
      },
      ...parts.host,
    },
    table: {
      open: async () => undefined,
      isFree: () => true,
      add: async ({ guestPort, containerAddress }) => {
        done.push(`add ${guestPort}${containerAddress === '172.17.0.2' ? '' : ` to ${containerAddress}`}`);
      },
      remove: async ({ guestPort }) => void done.push(`remove ${guestPort}`),
      ...parts.table,
    },
    ownIpv4: parts.ownIpv4 ?? (async () => undefined),
    guestPorts,
    clock,
    log: { info: (_: unknown, text?: string) => void done.push(`said ${text ?? ''}`), warn: () => undefined },
  });
  return { done, client, clock, ended };
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

describe('a port of an IPv6 address of a container', () => {
  const six = 'publish tcp :: 8080 fd00::2 80 0\n';

  test('leads from IPv6 on the host to the IPv4 address the engine says the container has', async () => {
    const ownIpv4 = vi.fn<LeaseParts['ownIpv4']>(async () => '172.18.0.7');
    const { done, client, ended } = await lease({ ownIpv4 });
    client.write(six);
    expect(String(await nextChunk(client))).toBe('ok 1024\n');
    expect(ownIpv4.mock.calls[0]?.[0]).toBe('fd00::2');
    expect(done.toSorted()).toEqual(['add 1024 to 172.18.0.7', 'listen 1024 by IPv6']);
    client.end();
    await ended;
    expect(done.slice(2)).toContain('stop 1024');
    expect(done.at(-1)).toBe('remove 1024');
  });

  test('is refused where the host refuses it, as any', async () => {
    const publish = (): Promise<void> => Promise.reject(new Error('rule port-bindings'));
    const { client } = await lease({ ownIpv4: async () => '172.18.0.7', host: { publish } });
    client.write(six);
    expect(String(await readAll(client))).toBe('error rule port-bindings\n');
  });

  test('counts as one of the container, whichever way it is known by', async () => {
    const guestPorts = new GuestPorts(0);
    while (guestPorts.refusalOf('172.18.0.7') === undefined) guestPorts.take(0, '172.18.0.7');
    const { done, client } = await lease({ ownIpv4: async () => '172.18.0.7' }, guestPorts);
    client.write(six);
    expect(String(await readAll(client))).toContain('the container has 512 published ports already');
    const late = Promise.withResolvers<string>();
    const slow = await lease({ ownIpv4: () => late.promise }, guestPorts);
    slow.client.write(six);
    await slow.clock.advanceWhenSleeping(2000);
    expect(String(await nextChunk(slow.client))).toBe(`ok ${1024 + 512}\n`);
    late.resolve('172.18.0.7');
    slow.client.end();
    await slow.ended;
    expect([done, slow.done]).toEqual([[], []]);
    expect(guestPorts.take(1024 + 512, '172.18.0.8')).toBe(1024 + 512);
  });

  test('of one without IPv4 is granted and not asked of the host', async () => {
    const { done, client, ended } = await lease();
    client.write(six);
    expect(String(await nextChunk(client))).toBe('ok 1024\n');
    client.end();
    await ended;
    expect(done).toEqual(['said a port of a container without an IPv4 address is not published on the host']);
  });

  test('is granted while the engine does not answer, and published when it does', async () => {
    const late = Promise.withResolvers<string>();
    const { done, client, clock, ended } = await lease({ ownIpv4: () => late.promise });
    client.write(six);
    await clock.advanceWhenSleeping(2000);
    expect(String(await nextChunk(client))).toBe('ok 1024\n');
    expect(done).toEqual([]);
    late.resolve('172.18.0.7');
    await vi.waitFor(() =>
      expect(done.toSorted()).toEqual(['add 1024 to 172.18.0.7', 'listen 1024 by IPv6']),
    );
    client.end();
    await ended;
    expect(done.slice(2)).toContain('stop 1024');
  });

  test('that is released before the engine has answered leaves nothing behind, and nobody asking', async () => {
    const guestPorts = new GuestPorts(0);
    const ownIpv4 = (_: string, signal: AbortSignal): Promise<undefined> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined));
      });
    const { done, client, clock, ended } = await lease({ ownIpv4 }, guestPorts);
    client.write(six);
    await clock.advanceWhenSleeping(2000);
    expect(String(await nextChunk(client))).toBe('ok 1024\n');
    client.end();
    await ended;
    expect(done).toEqual([]);
    expect(guestPorts.take(1024, '172.18.0.8')).toBe(1024);
  });
});
