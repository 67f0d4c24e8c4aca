import type { Duplex } from 'node:stream';
import { readAnswer, UpstreamFailure } from './read-exactly.js';
import type { ProxyServer } from './hop.js';

/** Asks a proxy for a tunnel (RFC 9110 §9.3.6), to a host as it is written in front of a port. */
export async function httpConnect(
  stream: Duplex,
  authority: string,
  user: ProxyServer['user'],
  signal: AbortSignal,
): Promise<void> {
  stream.write(
    [
      `CONNECT ${authority} HTTP/1.1`,
      `Host: ${authority}`,
      ...(user === undefined ? [] : [`Proxy-Authorization: Basic ${basic(user)}`]),
      '',
      '',
    ].join('\r\n'),
  );
  const head = await readAnswer(stream, headLength, signal);
  const [, status = ''] = /^HTTP\/1\.[01] (\d{3})(?: |\r?\n)/.exec(head.toString('latin1')) ?? [];
  if (status === '') throw new UpstreamFailure('what it answers is no HTTP');
  if (status === '407')
    throw new UpstreamFailure(
      user === undefined
        ? 'it wants a user and a password (407)'
        : 'it does not take the user and the password (407)',
    );
  if (!status.startsWith('2')) throw new UpstreamFailure(`it answers ${status}`);
}

function headLength(bytes: Buffer): number | undefined {
  const end = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
  return end === null ? undefined : end.index + end[0].length;
}

function basic({ name, password }: NonNullable<ProxyServer['user']>): string {
  return Buffer.from(`${name}:${password}`).toString('base64');
}
