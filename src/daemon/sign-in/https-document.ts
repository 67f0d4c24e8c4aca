import type { IncomingMessage } from 'node:http';
import { fromFreePort } from '../own-port.js';

export type FetchDocument = (url: string, certificates: string | undefined) => Promise<unknown>;

const deadlineMs = 10_000;
/** Bytes; a provider's key set is some 10 KB. */
const largestDocument = 256 * 1024;

/**
 * One JSON document over HTTPS, and nothing besides: no redirects, no proxy, no compression. Threat: whoever is on the way answers in the
 * provider's place, and is the provider from then on.
 *
 * @param portOf a port to connect from; any where absent.
 * @returns a function of the address, and of authorities in PEM in place of those Node has; it throws an error with one short sentence of what went wrong.
 */
export function documentFetcher(portOf?: () => number): FetchDocument {
  return async (url, certificates) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const ask = async (localPort?: number): Promise<IncomingMessage> =>
      askFrom(url, { certificates, signal, localPort });
    const answer = await (portOf === undefined ? ask() : fromFreePort(portOf, ask));
    if (answer.statusCode !== 200) {
      answer.destroy();
      throw new Error(`${url} answered with status ${answer.statusCode}`);
    }
    let text = '';
    for await (const piece of answer.setEncoding('utf8')) {
      text += String(piece);
      if (text.length > largestDocument) throw new Error(`${url} is too long`);
    }
    const document: unknown = JSON.parse(text);
    return document;
  };
}

interface Asking {
  readonly certificates: string | undefined;
  readonly signal: AbortSignal;
  readonly localPort: number | undefined;
}

async function askFrom(url: string, { certificates, signal, localPort }: Asking): Promise<IncomingMessage> {
  // Loaded when it is needed: where nobody signs in, its memory is not spent.
  const { get } = await import('node:https');
  return new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      agent: false,
      signal,
      headers: { accept: 'application/json' },
      minVersion: 'TLSv1.2',
      ...(certificates === undefined ? {} : { ca: certificates }),
      ...(localPort === undefined ? {} : { localPort }),
    } as const;
    get(url, options, resolve).once('error', reject);
  });
}
