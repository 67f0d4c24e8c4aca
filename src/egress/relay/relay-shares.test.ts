import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { compileRelay, startRelay, startUpstream } from '../test-support/relay-program.js';
import { type Joined, joinAt, readFrom, talkTo } from '../test-support/relay-talk.js';

vi.setConfig({ testTimeout: 60_000 });

let built: Awaited<ReturnType<typeof compileRelay>>;
beforeAll(async () => {
  built = await compileRelay();
}, 180_000);
afterAll(() => built[Symbol.dispose]());

test.each([
  ['IPv4 and IPv6 of one network', ['172.18.0', 'fd00:1::']],
  ['ten networks', Array.from({ length: 10 }, (_, i) => `172.${18 + i}.0`)],
  ['neighbours of the engine’s address', ['203.0.113', '2001:db8:6272:6567::f']],
])('%s take all they can, and others and the engine each get one more', async (_what, networks) => {
  const { stdout } = await execa(join(built.directory, 'shares'), networks);
  const lines = stdout.split('\n').map((line) => line.split(' '));
  expect(lines.map(([kind]) => kind)).toEqual(['connections', 'undecided', 'questions', 'pipes']);
  for (const [, ...words] of lines) {
    expect(Number(words[0])).toBeGreaterThan(900);
    expect(words.slice(networks.length)).toEqual(['yes', 'yes', 'yes', 'yes']);
  }
});

test('readers that do not read lose their pipes to whom their network leaves none, and others keep theirs', async () => {
  // 35 pipes, of which an address may have 8.
  await using small = await startRelay(built.directory, 600);
  await using upstream = await startUpstream();
  const gateway = await talkTo(small);
  const much = Buffer.alloc(24 << 20);
  const elsewhere = await joinAt(gateway, small, upstream, { from: '127.1.0.1' });
  elsewhere.server.write(much);
  const stuck: Joined[] = [];
  for (let i = 0; i < 8; i++) {
    const one = await joinAt(gateway, small, upstream);
    one.server.write(much);
    stuck.push(one);
  }
  const last = await joinAt(gateway, small, upstream);
  last.server.write('at last');
  expect(await readFrom(last.client, 7)).toBe('at last');
  expect(stuck.map(({ id }) => id)).toContain((await gateway.next('closed')).id);
  const ended = gateway.seen.flatMap((message) => (message.kind === 'closed' ? [message.id] : []));
  expect(ended).not.toContain(elsewhere.id);
  expect(ended).not.toContain(last.id);
  expect(small.errors).toEqual([]);
});

test('beginnings that are more together than the link holds are told one after the other, and nobody is cut', async () => {
  await using relay = await startRelay(built.directory);
  await using upstream = await startUpstream();
  const gateway = await talkTo(relay);
  const clients: Joined[] = [];
  for (let i = 0; i < 300; i++) {
    const from = i % 2 === 0 ? '127.0.0.1' : '127.0.0.2';
    clients.push(await joinAt(gateway, relay, upstream, { hold: true, from }));
  }
  await Promise.all(
    clients.map(({ client }) => new Promise((resolve) => client.write(Buffer.alloc(16_384, 'x'), resolve))),
  );
  for (const { id } of clients) gateway.link.send({ kind: 'peek', id, beyond: 16_383 });
  for (const _ of clients) expect((await gateway.next('peeked')).bytes).toHaveLength(16_384);
  expect(gateway.seen.filter(({ kind }) => kind === 'closed')).toEqual([]);
  for (const { id } of clients) gateway.link.send({ kind: 'release', id });
  for (const { server } of clients) expect(await readFrom(server, 16_384)).toHaveLength(16_384);
  expect(relay.errors).toEqual([]);
});
