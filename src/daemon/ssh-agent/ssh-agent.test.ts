import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { framed, framedMessages, mostAgentRequests, refusedByAgent } from '../../common/ssh-agent/index.js';
import { effectiveSettings, type Settings } from '../../policy/index.js';
import { HostAgent } from './host-agent.js';
import { agentSocketInForce } from './index.js';
import { AgentPlaces, mostOfContainer } from './places.js';
import { agentSocket, createAgentServer } from './serve-containers.js';

const list = Buffer.from([11]);
const keys = Buffer.from([12, 0, 0, 0, 0]);

describe('containers', () => {
  let directory: string;
  let server: Server;
  let asked: number;
  let answers: PromiseWithResolvers<Buffer> | undefined;
  const clients: Socket[] = [];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-agent-'));
    asked = 0;
    answers = undefined;
    const ask = (): Promise<Buffer> => {
      asked += 1;
      return answers?.promise ?? Promise.resolve(keys);
    };
    const places = new AgentPlaces((uid) => (uid < 1000 ? undefined : `${Math.floor(uid / 1000)}`));
    server = createAgentServer({ ask, places, log: pino({ enabled: false }) });
    server.listen(join(directory, 'agent'));
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });

  /** By the hand of agent-relay. */
  function arrive(uid: number): Socket {
    const client = connect({ path: join(directory, 'agent'), allowHalfOpen: true });
    clients.push(client);
    client.on('error', () => undefined);
    const who = Buffer.alloc(4);
    who.writeUInt32BE(uid);
    client.write(framed(who));
    return client;
  }

  /** Says it all and ends; gives every answer. */
  async function say(bytes: Buffer, uid = 1000): Promise<Buffer[]> {
    const client = arrive(uid);
    client.end(bytes);
    const got: Buffer[] = [];
    for await (const one of framedMessages(client)) got.push(one);
    return got;
  }

  test('one connection asks one thing after the other, and what is not allowed in between is refused', async () => {
    const said = Buffer.concat([list, Buffer.from([19]), list].map((one) => framed(one)));
    expect(await say(said)).toEqual([keys, refusedByAgent, keys]);
    expect(asked).toBe(2);
  });

  test('a message that is too long ends the connection, and nothing of it is asked', async () => {
    expect(await say(Buffer.from([0, 16, 0, 0, 11]))).toEqual([]);
    expect(asked).toBe(0);
  });

  test('who comes without a word of whose it is asks nothing', async () => {
    const client = connect({ path: join(directory, 'agent'), allowHalfOpen: true });
    clients.push(client);
    client.end(framed(list));
    for await (const _ of client) expect.unreachable();
    expect(asked).toBe(0);
  });

  test('connections beyond the limit ask nothing, and others do once there is room', async () => {
    answers = Promise.withResolvers();
    let refused = 0;
    const many = Array.from({ length: mostAgentRequests + 20 }, async (_, of) => {
      const got = await say(framed(list), 1000 * (of + 1));
      if (got.length === 0) refused += 1;
      return got;
    });
    await expect.poll(() => [asked, refused]).toEqual([mostAgentRequests, 20]);
    answers.resolve(keys);
    const answered = (await Promise.all(many)).filter(({ length }) => length > 0);
    expect(answered).toHaveLength(mostAgentRequests);
    await expect.poll(() => say(framed(list)), { timeout: 4000 }).toEqual([keys]);
  });

  test.each([
    ['of one container, under whatever ids of its range,', (n: number) => 1000 + n],
    ['of whoever is in no range', (n: number) => n],
  ])('connections %s that say nothing keep no other container from the agent', async (_who, uid) => {
    const idle = Array.from({ length: mostAgentRequests + 20 }, (_each, n) => arrive(uid(n)));
    const closed = (): Socket[] => idle.filter(({ destroyed }) => destroyed);
    for (const client of idle) client.resume().once('end', () => client.destroy());
    await expect.poll(() => closed().length).toBe(idle.length - mostOfContainer);
    expect(await say(framed(list), 5000)).toEqual([keys]);
    expect(await say(framed(list), uid(7))).toEqual([]);
    for (const client of idle) client.destroy();
    await expect.poll(() => say(framed(list), uid(7)), { timeout: 4000 }).toEqual([keys]);
  });

  test('a container that asks and does not wait has its place taken until it was answered', async () => {
    answers = Promise.withResolvers();
    for (let times = 0; times < mostOfContainer; times++) {
      const client = arrive(1000);
      client.write(framed(list));
      await expect.poll(() => asked).toBe(times + 1);
      client.destroy();
    }
    expect(await say(framed(list), 1001)).toEqual([]);
    answers.resolve(keys);
    expect(await say(framed(list), 2000)).toEqual([keys]);
    await expect.poll(() => say(framed(list), 1001), { timeout: 4000 }).toEqual([keys]);
  });
});

describe('HostAgent', () => {
  const numbered = (id: number, message: Buffer): Buffer => framed(Buffer.from([0, 0, 0, id]), message);

  test('answers find whoever asked, in whatever order they come', async () => {
    const agent = new HostAgent();
    const [ours, host] = duplexPair();
    agent.serve(ours);
    const asked = [agent.ask(list), agent.ask(Buffer.from([13]))];
    const heard = framedMessages(host);
    expect([(await heard.next()).value, (await heard.next()).value]).toEqual([
      Buffer.from([0, 0, 0, 1, 11]),
      Buffer.from([0, 0, 0, 2, 13]),
    ]);
    host.write(Buffer.concat([numbered(9, keys), numbered(2, Buffer.from([14])), numbered(1, keys)]));
    expect(await Promise.all(asked)).toEqual([keys, Buffer.from([14])]);
  });

  test('what was asked counts until it is answered, whether or not anybody still waits; one too many is refused, the others go on', async () => {
    const agent = new HostAgent();
    const [ours, host] = duplexPair();
    agent.serve(ours);
    const asked = Array.from({ length: mostAgentRequests }, () => agent.ask(list));
    expect(await agent.ask(list)).toEqual(refusedByAgent);
    const heard = framedMessages(host);
    for (const _ of asked) await heard.next();
    host.write(numbered(1, keys));
    expect(await asked[0]).toEqual(keys);
    const next = agent.ask(list);
    expect((await heard.next()).value).toEqual(Buffer.from([0, 0, 0, mostAgentRequests + 1, 11]));
    host.write(numbered(mostAgentRequests + 1, keys));
    expect(await next).toEqual(keys);
  });

  test('without a session, and with the end of one, nobody waits', async () => {
    const agent = new HostAgent();
    expect(await agent.ask(list)).toEqual(refusedByAgent);
    const [ours, host] = duplexPair();
    agent.serve(ours);
    const asked = agent.ask(list);
    host.destroy();
    expect(await asked).toEqual(refusedByAgent);
    expect(await agent.ask(list)).toEqual(refusedByAgent);
  });

  test('the next session takes the place of the last, whose questions are over', async () => {
    const agent = new HostAgent();
    const [[first], [second, host]] = [duplexPair(), duplexPair()];
    agent.serve(first);
    const lost = agent.ask(list);
    agent.serve(second);
    expect(await lost).toEqual(refusedByAgent);
    expect(first.destroyed).toBe(true);
    const asked = agent.ask(list);
    await framedMessages(host).next();
    host.write(numbered(2, keys));
    expect(await asked).toEqual(keys);
  });
});

describe('who may have it', () => {
  const nothing: Settings = { configurationFileVersion: 2 };
  const said = (locked: boolean, value: boolean): Settings => ({
    ...nothing,
    bulkhead: { sshAgent: { locked, value } },
  });
  test.each<['vm' | 'native', string, Settings | undefined, boolean, boolean]>([
    ['vm', 'nobody says anything', undefined, false, false],
    ['vm', 'the user wants it', undefined, true, true],
    ['vm', 'a policy says nothing', nothing, true, false],
    ['vm', 'a policy leaves it to the user', said(false, false), true, true],
    ['vm', 'a policy leaves it to the user, who says nothing', said(false, false), false, false],
    ['vm', 'a policy locks it', said(true, false), true, false],
    ['vm', 'a policy gives it', said(true, true), false, true],
    ['native', 'nobody says anything', undefined, false, true],
    ['native', 'a policy says nothing', nothing, true, false],
    ['native', 'a policy leaves it to the user', said(false, false), false, true],
    ['native', 'a policy locks it', said(true, false), true, false],
  ])('%s, where %s', (mode, _what, policy, wanted, has) => {
    const effective = effectiveSettings(policy, wanted ? { bulkhead: { sshAgent: true } } : {});
    const found = agentSocketInForce({ mode, sshAgentFd: 9, policy, effective });
    expect(found).toBe(has ? agentSocket : undefined);
    expect(agentSocketInForce({ mode, sshAgentFd: undefined, policy, effective })).toBeUndefined();
  });
});
