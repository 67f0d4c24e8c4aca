import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { decode, encode } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { allowAll } from './allow-all.js';
import type { Made, Refused, Through, Verdict } from './decider.js';
import type { GatewayEvent } from './gateway-event.js';
import { from, open, other, settled, start, to } from './gateway.test-support.js';

test('what is permitted is dialed where the decider says, one address after the other', async () => {
  const { gateway, sent, events } = start({ decide: () => ({ kind: 'permit', dial: [other, to] }) });
  gateway.take(open(1));
  await settled();
  expect(sent.splice(0)).toEqual([{ kind: 'dial', id: 1, to: other, hold: false }]);
  gateway.take({ kind: 'failed', id: 1, errno: 111 });
  expect(sent.splice(0)).toEqual([{ kind: 'dial', id: 1, to, hold: false }]);
  gateway.take({ kind: 'connected', id: 1 });
  expect(events).toEqual([{ kind: 'permitted', from, to }]);
  expect(gateway.connections).toBe(1);
  gateway.take({ kind: 'closed', id: 1, out: 1, in: 2 });
  expect(gateway.connections).toBe(0);
});

test('what cannot be reached is reset', async () => {
  const { gateway, sent, events } = start({ decide: () => ({ kind: 'permit', dial: [to] }) });
  gateway.take(open(1));
  await settled();
  gateway.take({ kind: 'failed', id: 1, errno: 113 });
  expect(sent.at(-1)).toEqual({ kind: 'reset', id: 1 });
  expect(events).toEqual([{ kind: 'unreached', from, to, errno: 113 }]);
});

const verdicts: readonly (readonly [string, Verdict, GatewayEvent])[] = [
  ['a refusal', { kind: 'refuse', reason: 'by rule 3' }, { kind: 'refused', from, to, reason: 'by rule 3' }],
  ['nowhere to dial', { kind: 'permit', dial: [] }, { kind: 'unreached', from, to, errno: 0 }],
];

test.each(verdicts)('%s is a reset', async (_, verdict, event) => {
  const { gateway, sent, events } = start({ decide: () => verdict });
  gateway.take(open(1));
  await settled();
  expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
  expect(events).toEqual([event]);
});

test('a decider that throws, or rejects, has refused', async () => {
  const { gateway, sent, events } = start({
    decide: ({ to: { port } }) => {
      if (port === 443) throw new Error('it broke');
      return Promise.reject(new Error('it broke later'));
    },
  });
  gateway.take(open(1));
  gateway.take({ kind: 'open', id: 2, from, to: { ...to, port: 80 } });
  await settled();
  expect(sent).toEqual([
    { kind: 'reset', id: 1 },
    { kind: 'reset', id: 2 },
  ]);
  expect(events.map((event) => (event.kind === 'refused' ? event.reason : event.kind))).toEqual([
    'no decision was made: it broke',
    'no decision was made: it broke later',
  ]);
});

test('the decider looks at what the client sends, more of it each time', async () => {
  const { gateway, sent } = start({
    async decide({ peek }) {
      const first = await peek(0);
      const second = await peek(first.bytes.length);
      return second.bytes.equals(Buffer.from('GET /'))
        ? { kind: 'permit', dial: [to] }
        : { kind: 'refuse', reason: '' };
    },
  });
  gateway.take(open(1));
  await settled();
  gateway.take({ kind: 'peeked', id: 1, bytes: Buffer.from('GE'), all: false });
  await settled();
  gateway.take({ kind: 'peeked', id: 1, bytes: Buffer.from('GET /'), all: false });
  await settled();
  expect(sent).toEqual([
    { kind: 'peek', id: 1, beyond: 0 },
    { kind: 'peek', id: 1, beyond: 2 },
    { kind: 'dial', id: 1, to, hold: false },
  ]);
});

test('of one that has ended meanwhile nothing is said any more, and the decider is told', async () => {
  let aborted = false;
  const { gateway, sent } = start({
    decide: async ({ peek }, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      await peek(0);
      return { kind: 'permit', dial: [to] };
    },
  });
  gateway.take(open(1));
  await settled();
  sent.length = 0;
  gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
  await settled();
  expect([sent, aborted, gateway.connections]).toEqual([[], true, 0]);
  gateway.take(open(2));
  gateway.end();
  await settled();
  expect(gateway.connections).toBe(0);
});

describe('one that is held', () => {
  const rests: ReturnType<typeof Promise.withResolvers<Made | Refused>>[] = [];
  function hold() {
    const rest = Promise.withResolvers<Made | Refused>();
    rests.push(rest);
    const started = start({
      decide: () => ({
        kind: 'held',
        now: { kind: 'permit', dial: [other, to] },
        rest: () => rest.promise,
      }),
    });
    started.gateway.take(open(1));
    return { ...started, rest };
  }

  test('is dialled, with the client kept until the rest is decided', async () => {
    const { gateway, sent, rest } = hold();
    await settled();
    gateway.take({ kind: 'failed', id: 1, errno: 111 });
    gateway.take({ kind: 'connected', id: 1 });
    expect(sent.splice(0)).toEqual([
      { kind: 'dial', id: 1, to: other, hold: true },
      { kind: 'dial', id: 1, to, hold: true },
    ]);
    rest.resolve({ kind: 'permit', dial: [to] });
    await settled();
    expect(sent).toEqual([{ kind: 'release', id: 1 }]);
  });

  test('is released before it has been dialled everywhere, and not held there then', async () => {
    const { gateway, sent, rest } = hold();
    await settled();
    rest.resolve({ kind: 'permit', dial: [to] });
    await settled();
    gateway.take({ kind: 'failed', id: 1, errno: 111 });
    expect(sent.slice(1)).toEqual([
      { kind: 'release', id: 1 },
      { kind: 'dial', id: 1, to, hold: false },
    ]);
  });

  test('is cut where the rest is refused, or not decided', async () => {
    for (const settle of [
      (rest: (typeof rests)[number]) => rest.resolve({ kind: 'refuse', reason: 'another name' }),
      (rest: (typeof rests)[number]) => rest.reject(new Error('it broke')),
    ]) {
      const { gateway, sent, events, rest } = hold();
      await settled();
      gateway.take({ kind: 'connected', id: 1 });
      settle(rest);
      await settled();
      expect(sent.slice(1)).toEqual([{ kind: 'reset', id: 1 }]);
      expect(events.map(({ kind }) => kind)).toEqual(['permitted', 'refused']);
    }
  });

  test('that ends by itself was not reached, and is not spoken of any more', async () => {
    const { gateway, sent, events, rest } = hold();
    await settled();
    gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
    rest.reject(new Error('the connection has ended'));
    await settled();
    expect([sent.length, events]).toEqual([1, [{ kind: 'unreached', from, to, errno: 0 }]]);
  });
});

describe('by a proxy', () => {
  const through: Through = {
    kind: 'through',
    hops: [{ kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 }],
    ask: { host: 'a.example', port: 443 },
    dial: [to],
  };
  const begun = async (verdict: Verdict = through) => {
    const started = start({ decide: () => verdict });
    started.gateway.take(open(1));
    await settled();
    return started;
  };

  test('the gateway joins a stream to what it has dialled, and each direction ends for itself', async () => {
    const { sent, streams, dialled } = await begun();
    expect(dialled[0]?.through).toBe(through);
    const [upstream, server] = duplexPair();
    dialled[0]?.upstream.resolve(upstream);
    await settled();
    expect([sent, streams.map(({ id, hold }) => [id, hold])]).toEqual([[], [[1, false]]]);
    const client = streams[0]?.other;
    client?.end('question');
    expect(await text(server)).toBe('question');
    server.end('answer');
    expect(client === undefined ? '' : await text(client)).toBe('answer');
  });

  test('is held as what is dialled', async () => {
    const rest = Promise.withResolvers<Made>();
    const { sent, streams, dialled } = await begun({ kind: 'held', now: through, rest: () => rest.promise });
    dialled[0]?.upstream.resolve(duplexPair()[0]);
    await settled();
    expect(streams.map(({ hold }) => hold)).toEqual([true]);
    rest.resolve(through);
    await settled();
    expect(sent).toEqual([{ kind: 'release', id: 1 }]);
  });

  test('one that is released before the relay has its stream is released once more', async () => {
    const rest = Promise.withResolvers<Made>();
    const held = { kind: 'held', now: through, rest: () => rest.promise } as const;
    const { gateway, sent, dialled } = await begun(held);
    dialled[0]?.upstream.resolve(duplexPair()[0]);
    await settled();
    rest.resolve(through);
    await settled();
    gateway.take({ kind: 'connected', id: 1 });
    expect(sent).toEqual([
      { kind: 'release', id: 1 },
      { kind: 'release', id: 1 },
    ]);
  });

  test('that does not lead there it is reset, and said why', async () => {
    const { sent, events, dialled } = await begun();
    dialled[0]?.upstream.reject(new Error('proxy.example:3128: it answers 407'));
    await settled();
    expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
    expect(events).toEqual([
      { kind: 'unreached', from, to, errno: 0, reason: 'proxy.example:3128: it answers 407' },
    ]);
  });

  test('what was dialled for one that has ended is let go', async () => {
    const { gateway, sent, events, dialled, streams } = await begun();
    gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
    const [upstream] = duplexPair();
    dialled[0]?.upstream.resolve(upstream);
    await settled();
    expect([sent, events, streams, upstream.destroyed]).toEqual([
      [],
      [{ kind: 'unreached', from, to, errno: 0 }],
      [],
      true,
    ]);
  });
});

describe('for a relay that does not reach the world', () => {
  const begun = async (verdict: Verdict) => {
    const started = start({ decide: () => verdict }, { dials: true });
    started.gateway.take(open(1));
    await settled();
    return started;
  };

  test('the gateway dials, and the relay is told of nowhere to go', async () => {
    const { gateway, sent, events, streams, direct } = await begun({ kind: 'permit', dial: [other, to] });
    expect(direct[0]?.places).toEqual([other, to]);
    expect(streams).toEqual([]);
    const [upstream, server] = duplexPair();
    direct[0]?.upstream.resolve(upstream);
    await settled();
    expect([sent, streams.map(({ id, hold }) => [id, hold])]).toEqual([[], [[1, false]]]);
    gateway.take({ kind: 'connected', id: 1 });
    expect(events).toEqual([{ kind: 'permitted', from, to }]);
    const client = streams[0]?.other;
    client?.end('question');
    expect(await text(server)).toBe('question');
    server.end('answer');
    expect(client === undefined ? '' : await text(client)).toBe('answer');
  });

  test('what is held is dialled, and nothing of the client’s goes on before it is released', async () => {
    const rest = Promise.withResolvers<Made | Refused>();
    const now = { kind: 'permit', dial: [to] } as const;
    const { sent, streams, direct } = await begun({ kind: 'held', now, rest: () => rest.promise });
    direct[0]?.upstream.resolve(duplexPair()[0]);
    await settled();
    expect(streams.map(({ hold }) => hold)).toEqual([true]);
    rest.resolve({ kind: 'refuse', reason: 'another name' });
    await settled();
    expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
  });

  test('what cannot be reached is reset, and what is refused is not dialled', async () => {
    const { sent, events, direct } = await begun({ kind: 'permit', dial: [to] });
    direct[0]?.upstream.reject(new Error('it does not answer'));
    await settled();
    expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
    expect(events).toEqual([{ kind: 'unreached', from, to, errno: 0, reason: 'it does not answer' }]);
    const refused = await begun({ kind: 'refuse', reason: 'by rule 3' });
    expect([refused.sent, refused.direct]).toEqual([[{ kind: 'reset', id: 1 }], []]);
  });

  test('a server that breaks off resets its client', async () => {
    const { sent, direct } = await begun({ kind: 'permit', dial: [to] });
    const [upstream] = duplexPair();
    direct[0]?.upstream.resolve(upstream);
    await settled();
    upstream.destroy();
    await settled();
    expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
  });
});

test('what the gateway is asked itself it answers on a stream of its own', async () => {
  const { gateway, sent, streams } = start({
    decide: () => ({ kind: 'served', serve: (stream) => void stream.end('answer') }),
  });
  gateway.take(open(1));
  await settled();
  expect([sent, streams.map(({ id, hold }) => [id, hold])]).toEqual([[], [[1, false]]]);
  const [{ other } = { other: undefined }] = streams;
  expect(other === undefined ? '' : await text(other)).toBe('answer');
});

test('questions are answered where there is an answer', async () => {
  const { gateway, sent } = start({
    answer: ({ question }) =>
      question.length === 1
        ? Promise.reject(new Error('broken'))
        : Promise.resolve(question.length === 2 ? undefined : question),
  });
  for (const id of [1, 2, 3])
    gateway.take({ kind: 'query', id, from, asked: '192.0.2.53', bytes: Buffer.alloc(id) });
  await settled();
  expect(sent).toEqual([{ kind: 'answer', id: 3, bytes: Buffer.alloc(3) }]);
});

test('without a policy all is allowed but what is this machine’s own; a question by TCP goes to its name servers', async () => {
  const servers = [{ address: '192.0.2.53', port: 5353 }];
  const decider = allowAll({ nameServers: () => servers, hostLoopback: 'closed' });
  const peek = (): never => expect.fail('nothing is looked at');
  const decide = (address: string, port: number): unknown =>
    decider.decide({ from, to: { address, port }, peek }, AbortSignal.abort());
  expect(decide('192.0.2.1', 443)).toEqual({ kind: 'permit', dial: [to] });
  expect(decide('203.0.113.253', 53)).toEqual({ kind: 'permit', dial: servers });
  expect(decide('203.0.113.253', 54)).toMatchObject({ kind: 'refuse' });
  expect(JSON.stringify(decide('127.0.0.1', 80))).toMatch(/refuse.*of the loopback/);
  expect(JSON.stringify(decide('203.0.113.252', 80))).toMatch(/refuse.*bulkhead\.hostLoopback/);
});

test('without a policy the loopback of the host is reached where its setting opens it, by an address of its own; its names are answered by nobody else', async () => {
  const decider = allowAll({ nameServers: () => [], hostLoopback: 'open' });
  const decide = (address: string, port: number): unknown =>
    decider.decide({ from, to: { address, port }, peek: () => expect.fail() }, AbortSignal.abort());
  expect(decide('203.0.113.252', 80)).toEqual({ kind: 'permit', dial: [{ address: '127.0.0.1', port: 80 }] });
  expect(JSON.stringify(decide('203.0.113.252', 2375))).toMatch(/refuse.*exposeDockerAPIOnTCP2375/);
  for (const address of ['127.0.0.1', '::1', '64:ff9b::7f00:1'])
    expect(decide(address, 80)).toMatchObject({ kind: 'refuse' });
  const ask = async (name: string): Promise<unknown> => {
    const question = encode({ type: 'query', id: 7, questions: [{ name, type: 'A' }] });
    const answer = await decider.answer({ from, asked: '203.0.113.253', question }, AbortSignal.abort());
    return answer === undefined ? undefined : decode(answer).answers;
  };
  expect(await ask('host.docker.internal')).toMatchObject([{ type: 'A', data: '203.0.113.252' }]);
  expect(await ask('other.example')).toBeUndefined();
});

test('without a policy names are without the addresses that are left out, and nobody is asked for those', async () => {
  const decider = allowAll({ nameServers: () => [], hostLoopback: 'closed', namesWithout: 'ipv6' });
  const ask = async (name: string, type: 'A' | 'AAAA'): Promise<unknown> => {
    const question = encode({ type: 'query', id: 7, questions: [{ name, type }] });
    const answer = await decider.answer({ from, asked: '203.0.113.253', question }, AbortSignal.abort());
    return answer === undefined ? undefined : [answer.readUInt16BE(2) & 15, decode(answer).answers];
  };
  expect(await ask('other.example', 'AAAA')).toEqual([0, []]);
  expect(await ask('other.example', 'A')).toBeUndefined();
});
