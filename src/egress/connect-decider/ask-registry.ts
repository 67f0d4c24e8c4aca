import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '../../common/cause.js';
import { ipAddressText } from '../../common/ip-address.js';
import { dialAlong, openFirst, openTcp } from '../upstream-proxy/index.js';
import type { RegistryQuestion } from './facts.js';
import { readRegistryAnswer, type RegistryAnswer } from './registry-answer.js';

/** Milliseconds for one address, or one way out. */
const patience = 5000;
const ping = '/v2/';

type AskedPath = RegistryQuestion & { readonly path: string };
type Dial = (signal: AbortSignal) => Promise<Duplex>;

/**
 * Asks a destination whether it is a registry (`GET /v2/`, OCI distribution specification): not by any list. Nothing is sent that would say who asks, no certificate is checked, and nobody else is asked, wherever it leads: it is a question, and its
 * answer opens nothing that is not open to every other server.
 *
 * @throws where nothing is reached: then nobody knows. What speaks no HTTP is no registry.
 */
export async function askRegistry(question: RegistryQuestion): Promise<boolean> {
  let failure: unknown = new Error(`${question.host} has no address`);
  for (const dial of waysTo(question)) {
    try {
      return await isRegistry(async (path) => {
        const signal = AbortSignal.timeout(patience);
        return answerBehind(await dial(signal), { ...question, path }, signal);
      });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * Threat: a registry behind something that wants a password first, or leads to where one signs in, says nothing of a registry. It is one where that is for `/v2/` alone: of a site
 * all of which is so, a path that nobody has is answered alike.
 */
async function isRegistry(ask: (path: string) => Promise<RegistryAnswer>): Promise<boolean> {
  const follow = async (path: string): Promise<RegistryAnswer> => {
    const first = await ask(path);
    return first.kind === 'moved' ? ask(first.path) : first;
  };
  const { kind } = await follow(ping);
  if (kind !== 'password' && kind !== 'elsewhere') return kind === 'registry';
  return (await follow(`/${randomUUID()}`)).kind !== kind;
}

/** Threat: where the policy has everything go by a proxy, the question goes past it. */
function waysTo({ addresses, port, through }: RegistryQuestion): Dial[] {
  const direct = addresses.map(
    (address): Dial =>
      (signal) =>
        openTcp(ipAddressText(address), port, signal),
  );
  if (through === undefined) return direct;
  return [
    (signal) =>
      dialAlong(through.hops, through.ask, {
        direct: (until) => openFirst(direct, (dial) => dial(until), until),
        signal,
      }),
  ];
}

async function answerBehind(
  plain: Duplex,
  question: AskedPath,
  signal: AbortSignal,
): Promise<RegistryAnswer> {
  plain.on('error', ignore);
  try {
    const stream = question.scheme === 'https' ? await secured(plain, question, signal) : plain;
    return await readRegistryAnswer(await get(stream, question, signal), originOf(question), question.path);
  } catch (error) {
    if (isNoHttp(error)) return { kind: 'other' };
    throw error;
  } finally {
    plain.destroy();
  }
}

async function secured(plain: Duplex, { host }: RegistryQuestion, signal: AbortSignal): Promise<Duplex> {
  const stream = connectTls({
    socket: plain,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  stream.on('error', ignore);
  await once(stream, 'secureConnect', { signal });
  return stream;
}

async function get(stream: Duplex, question: AskedPath, signal: AbortSignal): Promise<IncomingMessage> {
  const asked = request({
    createConnection: () => stream,
    path: question.path,
    headers: { host: hostOf(question), accept: 'application/json' },
    signal,
  });
  asked.end();
  // The second one is for its errors.
  const answered = new Promise<IncomingMessage>((resolve) => asked.once('response', resolve));
  await Promise.race([answered, once(asked, 'response')]);
  // A signal that comes later is an error nobody waits for.
  asked.on('error', ignore);
  return answered;
}

/** As it stands in a request. */
function hostOf({ scheme, host, port }: RegistryQuestion): string {
  const standard = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
  return `${host.includes(':') ? `[${host}]` : host}${standard}`;
}

function originOf(question: RegistryQuestion): string {
  return `${question.scheme}://${hostOf(question)}`;
}

/** It was reached, and what it said was not HTTP, or it said nothing. */
function isNoHttp(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && (code.startsWith('HPE_') || code === 'ECONNRESET' || code === 'EPIPE');
}

/** What goes wrong later is told to whoever reads; without a listener it would be the gateway's end. */
function ignore(): void {}
