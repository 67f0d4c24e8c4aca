import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '../../common/cause.js';
import { ipAddressText } from '../../common/ip-address.js';
import { dialAlong, openFirst, openTcp } from '../upstream-proxy/index.js';
import type { RegistryQuestion } from './facts.js';

/** Milliseconds for one address, or one way out. */
const patience = 5000;
/** Bytes: a registry answers `{}`. */
const longestBody = 1024;

type Dial = (signal: AbortSignal) => Promise<Duplex>;

/**
 * Asks a destination whether it is a registry (`GET /v2/`, OCI distribution specification): not by any list. Nothing is sent that would say who asks, no certificate is checked, and no redirect is followed: it is a question, and its
 * answer opens nothing that is not open to every other server.
 *
 * @throws where nothing is reached: then nobody knows. What speaks no HTTP is no registry.
 */
export async function askRegistry(question: RegistryQuestion): Promise<boolean> {
  let failure: unknown = new Error(`${question.host} has no address`);
  for (const dial of waysTo(question)) {
    const signal = AbortSignal.timeout(patience);
    try {
      return await isRegistryBehind(await dial(signal), question, signal);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
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

async function isRegistryBehind(
  plain: Duplex,
  question: RegistryQuestion,
  signal: AbortSignal,
): Promise<boolean> {
  plain.on('error', ignore);
  try {
    const stream = question.scheme === 'https' ? await secured(plain, question, signal) : plain;
    return await isRegistry(await get(stream, question, signal));
  } catch (error) {
    if (isNoHttp(error)) return false;
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

async function get(
  stream: Duplex,
  { scheme, host, port }: RegistryQuestion,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const standard = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
  const asked = request({
    createConnection: () => stream,
    path: '/v2/',
    headers: { host: `${host.includes(':') ? `[${host}]` : host}${standard}`, accept: 'application/json' },
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

async function isRegistry(response: IncomingMessage): Promise<boolean> {
  const { statusCode, headers } = response;
  response.on('error', ignore);
  try {
    if (headers['docker-distribution-api-version'] !== undefined) return true;
    // Where a token is to be had, as the distribution's authentication has it.
    if (statusCode === 401) return /^bearer\s.*\bservice=/i.test(headers['www-authenticate'] ?? '');
    return statusCode === 200 && (await isEmptyObject(response));
  } finally {
    response.destroy();
  }
}

async function isEmptyObject(response: AsyncIterable<Buffer>): Promise<boolean> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString('latin1');
    if (text.length > longestBody) return false;
  }
  return /^\s*\{\s*\}\s*$/.test(text);
}

/** It was reached, and what it said was not HTTP, or it said nothing. */
function isNoHttp(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && (code.startsWith('HPE_') || code === 'ECONNRESET' || code === 'EPIPE');
}

/** What goes wrong later is told to whoever reads; without a listener it would be the gateway's end. */
function ignore(): void {}
