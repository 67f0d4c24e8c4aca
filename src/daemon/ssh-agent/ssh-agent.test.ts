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
    server = createAgentServer(ask, pino({ enabled: false })).listen(join(directory, 'agent'));
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });

  /** Says it all and ends; gives every answer. */
  async function say(bytes: Buffer): Promise<Buffer[]> {
    const client = connect({ path: join(directory, 'agent'), allowHalfOpen: true });
    clients.push(client);
    client.on('error', () => undefined);
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

  test('connections beyond the limit ask nothing, and others do once there is room', async () => {
    answers = Promise.withResolvers();
    const many = Array.from({ length: mostAgentRequests + 20 }, () => say(framed(list)));
    await expect.poll(() => asked).toBe(mostAgentRequests);
    answers.resolve(keys);
    const answered = (await Promise.all(many)).filter(({ length }) => length > 0);
    expect(answered).toHaveLength(mostAgentRequests);
    await expect.poll(() => say(framed(list)), { timeout: 4000 }).toEqual([keys]);
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
