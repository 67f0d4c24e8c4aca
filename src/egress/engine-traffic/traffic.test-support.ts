import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import {
  connect as connectTcp,
  createServer as createTcp,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { parseHost } from '../../common/authority.js';
import type { PulledFacts } from '../../common/pulled-image.js';
import { compileRules } from '../compiled-rules.js';
import { AdmittedContents } from '../image-access/known-contents.js';
import type { Endpoint } from '../relay-wire.js';
import { settingsOf } from '../test-support/settings.js';
import { BootAuthority, makeAuthority } from './boot-authority.js';
import { pemOf, writeCertificate } from './certificate.js';
import { EngineTraffic } from './engine-traffic.js';
import { PullWatch } from './pull-watch.js';
import type { EngineDecision } from './request-server.js';

/** An authority of the world, in which registries have certificates. */
const world = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const day = 24 * 3600 * 1000;
const dates = (days: number): { from: Date; until: Date } => ({
  from: new Date(Date.now() - 100 * day),
  until: new Date(Date.now() + days * day),
});
const worldPem = pemOf(
  writeCertificate({ use: { kind: 'authority' }, publicKey: world.publicKey, issuer: world, ...dates(100) }),
);

export async function listen(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** How the engine connects. */
export interface Arrival {
  readonly to: Endpoint;
  readonly protocol: 'tls' | 'http';
}

/** A server of the world. */
export interface Peer {
  readonly port: number;
}

export interface TlsPeerOptions {
  /** Until when its certificate is good, from now. */
  readonly days?: number;
}

/** A registry with a certificate for its name. */
export async function tlsPeer(
  name: string,
  listener: RequestListener,
  { days = 30 }: TlsPeerOptions = {},
): Promise<Peer> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const host = parseHost(name);
  if (host === undefined) throw new Error(`${name} is no host`);
  const use = { kind: 'server', host } as const;
  const cert = pemOf(writeCertificate({ use, publicKey: keys.publicKey, issuer: world, ...dates(days) }));
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return peer(createHttps({ cert, key }, listener));
}

export async function plainPeer(listener: RequestListener): Promise<Peer> {
  return peer(createHttp(listener));
}

async function peer(server: Server): Promise<Peer> {
  server.on('clientError', (_error, socket) => socket.destroy());
  onTestFinished(() => server.closeAllConnections());
  return { port: await listen(server) };
}

export interface TestedTraffic {
  readonly traffic: EngineTraffic;
  readonly decisions: EngineDecision[];
  /** What bulkheadd is told; it knows it at once. */
  readonly pulled: PulledFacts[];
  /** The names that were dialled. */
  readonly dialled: string[];
  /** Another policy from now on. */
  readonly govern: (bulkhead: object) => void;
  /** A connection as the engine makes it to `arrival`; TLS by a client that trusts the authority alone. */
  readonly connect: (name: string | undefined, arrival?: Partial<Arrival>) => Promise<Socket>;
  /** Writes text, and reads what comes until the other side ends or `until` is there. */
  readonly say: (text: string, name?: string, until?: RegExp) => Promise<string>;
}

export interface TrafficOptions {
  readonly bulkhead?: object;
  readonly peers?: Readonly<Record<string, Peer>>;
  readonly insecure?: readonly string[];
  readonly silent?: number;
}

const usualTo = { address: '192.0.2.7', port: 443 };

/** Traffic whose registries are servers of this test, found by name alone. */
export async function testedTraffic({
  bulkhead = {},
  peers = {},
  insecure = [],
  ...options
}: TrafficOptions): Promise<TestedTraffic> {
  const rulesOf = (settings: object): ReturnType<typeof compileRules> =>
    compileRules(settingsOf({ bulkhead: { contact: 'it@acme.test', ...settings } }), {
      namespaces: new Set(),
    });
  let rules = rulesOf(bulkhead);
  const keys = makeAuthority();
  const [decisions, pulled, dialled]: [EngineDecision[], PulledFacts[], string[]] = [[], [], []];
  const traffic = new EngineTraffic({
    ...options,
    authority: new BootAuthority(keys),
    rules: () => rules,
    known: new AdmittedContents(),
    pulled: new PullWatch(async (one) => void pulled.push(one)),
    onDecision: (one) => decisions.push(one),
    reach: {
      async dial({ host, port }) {
        dialled.push(`${host.text}:${port}`);
        const found = peers[`${host.text}:${port}`] ?? peers[host.text];
        if (found === undefined) throw new Error(`${host.text} has no address`);
        const socket = connectTcp(found.port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      contextFor: async () => createSecureContext({ ca: worldPem }),
      isInsecure: ({ host }) => insecure.includes(host.text),
    },
  });
  onTestFinished(() => traffic.end());
  const connect: TestedTraffic['connect'] = async (name, arrival = {}) => {
    const { to = usualTo, protocol = 'tls' } = arrival;
    const server = createTcp((socket) => traffic.serve(socket, to));
    const socket = connectTcp(await listen(server), '127.0.0.1');
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    return protocol === 'http' ? socket : greet(socket, name, to.address, keys.certificate);
  };
  const say: TestedTraffic['say'] = async (text, name, until) => {
    const socket = await connect(name);
    socket.write(text);
    return heard(socket, until);
  };
  const govern = (settings: object): void => {
    rules = rulesOf(settings);
  };
  return { traffic, decisions, pulled, dialled, govern, connect, say };
}

async function greet(
  socket: Socket,
  name: string | undefined,
  address: string,
  ca: string,
): Promise<TLSSocket> {
  const secure = connectTls({
    socket,
    ca,
    host: name ?? address,
    ...(name === undefined ? {} : { servername: name }),
    ALPNProtocols: ['http/1.1'],
  });
  onTestFinished(() => void secure.destroy());
  await once(secure, 'secureConnect');
  return secure;
}

/** What comes, to its end or to what is waited for. */
export async function heard(socket: Socket, until?: RegExp): Promise<string> {
  let text = '';
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (until?.test(text) === true) resolve();
    });
    for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve());
  });
  await ended;
  return text;
}
