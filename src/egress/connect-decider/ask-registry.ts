import { constants } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '../../common/cause.js';
import { ipAddressText } from '../../common/ip-address.js';
import { answerOf } from '../answer-of.js';
import { offeredCiphers } from '../tls-ciphers.js';
import { dialAlong, openFirst, openTcp } from '../upstream-proxy/index.js';
import type { RegistryQuestion } from './facts.js';
import { HeardInTurns, type Turn } from './heard-in-turns.js';
import { readRegistryAnswer } from './registry-answer.js';
import { type Answer, findingOf, type RegistryFinding } from './registry-finding.js';

/** Milliseconds for one address, or one way out. */
const patience = 5000;
/** Threat: a server that tells clients of registries by what they call themselves is a site to everybody else. */
const userAgent = 'docker/28.5.1 go/go1.25.1 os/linux';

export interface Asking {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** When something of a greeting is looked at. */
  readonly turn: Turn;
}

type AskedPath = RegistryQuestion & Pick<Asking, 'turn'> & { readonly path: string };
type Dial = (signal: AbortSignal) => Promise<Duplex>;

/**
 * Asks a destination whether it is a registry (`GET /v2/`, OCI distribution specification): not by any list. It asks as docker does, nothing is sent that would say who it is, no certificate is checked, and nobody else is asked, wherever it leads: it is a question, and its
 * answer opens nothing that is not open to every other server.
 *
 * @throws where nothing is reached: then nobody knows.
 */
export async function askRegistry(
  question: RegistryQuestion,
  { signal: left, turn }: Asking,
): Promise<RegistryFinding> {
  let failure: unknown = new Error(`${question.host} has no address`);
  let isUnsaid = false;
  for (const dial of waysTo(question)) {
    left.throwIfAborted();
    try {
      const found = await findingOf(async (path) => {
        const signal = AbortSignal.any([left, AbortSignal.timeout(patience)]);
        return answerBehind(await dial(signal), { ...question, turn, path }, signal);
      });
      if (found !== 'unsaid') return found;
      isUnsaid = true;
    } catch (error) {
      failure = error;
    }
  }
  if (isUnsaid) return 'unsaid';
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

async function answerBehind(plain: Duplex, question: AskedPath, signal: AbortSignal): Promise<Answer> {
  plain.on('error', ignore);
  try {
    const stream = question.scheme === 'https' ? await secured(plain, question, signal) : plain;
    return await readRegistryAnswer(await get(stream, question, signal), originOf(question), question.path);
  } catch (error) {
    const said = withoutHttp(error);
    if (said !== undefined) return { kind: said };
    throw error;
  } finally {
    plain.destroy();
  }
}

async function secured(plain: Duplex, { host, turn }: AskedPath, signal: AbortSignal): Promise<Duplex> {
  const heard = new HeardInTurns(plain, turn);
  const stream = connectTls({
    socket: heard,
    rejectUnauthorized: false,
    ciphers: offeredCiphers,
    // Threat: by TLS 1.2 a server has itself greeted once more, with another chain of certificates, as often as it likes. Go's clients refuse that.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  stream.on('error', ignore);
  await once(stream, 'secureConnect', { signal });
  heard.greeted();
  // It may have ended in what it greeted with. That is told by now, and never to a request.
  await nextRound();
  // An alert in it is nothing that breaks off without a word.
  if (stream.errored !== null) throw stream.errored;
  if (stream.readableEnded || stream.destroyed) throw new BrokenOff('it has ended after its greeting');
  return stream;
}

class BrokenOff extends Error {
  readonly code = 'ECONNRESET';
}

async function get(stream: Duplex, question: AskedPath, signal: AbortSignal): Promise<IncomingMessage> {
  const asked = request({
    createConnection: () => stream,
    path: question.path,
    headers: { host: hostOf(question), 'user-agent': userAgent, accept: 'application/json' },
    signal,
  });
  asked.end();
  return answerOf(asked);
}

/** As it stands in a request. */
function hostOf({ scheme, host, port }: RegistryQuestion): string {
  const standard = port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
  return `${host.includes(':') ? `[${host}]` : host}${standard}`;
}

function originOf(question: RegistryQuestion): string {
  return `${question.scheme}://${hostOf(question)}`;
}

/** What was reached and did not answer in HTTP has said something else, or nothing. */
function withoutHttp(error: unknown): 'other' | 'unspoken' | undefined {
  const code = codeOf(error);
  if (typeof code === 'string' && code.startsWith('HPE_')) return 'other';
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'unspoken' : undefined;
}

/** What goes wrong later is told to whoever reads; without a listener it would be the gateway's end. */
function ignore(): void {}
