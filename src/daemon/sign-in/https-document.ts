import type { IncomingMessage } from 'node:http';

export type FetchDocument = (url: string, certificates: string | undefined) => Promise<unknown>;

const deadlineMs = 10_000;
/** Bytes; a provider's key set is some 10 KB. */
const largestDocument = 256 * 1024;

/**
 * One JSON document over HTTPS, and nothing besides: no redirects, no proxy, no compression. Threat: whoever is on the way answers in the
 * provider's place, and is the provider from then on.
 *
 * @param certificates authorities in PEM in place of those Node has.
 * @throws an error with one short sentence of what went wrong.
 */
export const fetchDocument: FetchDocument = async (url, certificates) => {
  // Loaded when it is needed: where nobody signs in, its memory is not spent.
  const { get } = await import('node:https');
  const signal = AbortSignal.timeout(deadlineMs);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      agent: false,
      signal,
      headers: { accept: 'application/json' },
      minVersion: 'TLSv1.2',
    } as const;
    get(url, certificates === undefined ? options : { ...options, ca: certificates }, resolve).once(
      'error',
      reject,
    );
  });
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
