import type { Duplex } from 'node:stream';
import { parseIpAddress } from '../../common/ip-address.js';
import type { ProxyServer } from './hop.js';
import { readAnswer, UpstreamFailure } from './read-exactly.js';

const version = 5;
const methods = { none: 0, password: 2, refused: 255 } as const;
const kinds = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** RFC 1928 §6. */
const reasons = [
  '',
  'it failed',
  'its rules do not allow it',
  'the network is not reached',
  'the host is not reached',
  'the destination refuses the connection',
  'it took too long on the way',
  'it does not know the command',
  'it does not know the kind of address',
];

/** Asks a server of SOCKS 5 (RFC 1928, with user and password RFC 1929) for a connection. A name is resolved by the server. */
export async function socks5Connect(
  stream: Duplex,
  target: { readonly host: string; readonly port: number },
  user: ProxyServer['user'],
  signal: AbortSignal,
): Promise<void> {
  stream.write(
    Buffer.from(
      user === undefined ? [version, 1, methods.none] : [version, 2, methods.none, methods.password],
    ),
  );
  const [said, method = methods.refused] = await readAnswer(stream, () => 2, signal);
  if (said !== version) throw new UpstreamFailure('what it answers is no SOCKS 5');
  if (method === methods.password && user !== undefined) await signIn(stream, user, signal);
  else if (method !== methods.none) throw new UpstreamFailure('it takes no way of signing in that there is');
  stream.write(
    Buffer.concat([
      Buffer.from([version, 1, 0]),
      addressOf(target.host),
      Buffer.from([target.port >> 8, target.port & 255]),
    ]),
  );
  const answer = await readAnswer(stream, replyLength, signal);
  const code = answer[1] ?? 255;
  if (answer[0] !== version) throw new UpstreamFailure('what it answers is no SOCKS 5');
  if (code !== 0) throw new UpstreamFailure(reasons[code] ?? `it answers ${code}`);
}

async function signIn(
  stream: Duplex,
  { name, password }: NonNullable<ProxyServer['user']>,
  signal: AbortSignal,
): Promise<void> {
  stream.write(Buffer.concat([Buffer.from([1]), short(name), short(password)]));
  const [, status] = await readAnswer(stream, () => 2, signal);
  if (status !== 0) throw new UpstreamFailure('it does not take the user and the password');
}

/** Behind its length in one byte. */
function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255)
    throw new UpstreamFailure('a name or a password is longer than SOCKS 5 has room for');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function addressOf(host: string): Buffer {
  const address = parseIpAddress(host);
  if (address === undefined) return Buffer.concat([Buffer.from([kinds.name]), short(host)]);
  const size = address.family === 4 ? 4 : 16;
  const digits = address.value.toString(16).padStart(size * 2, '0');
  return Buffer.concat([
    Buffer.from([address.family === 4 ? kinds.ipv4 : kinds.ipv6]),
    Buffer.from(digits, 'hex'),
  ]);
}

/** The answer names the address it connects from, which may be of any kind. */
function replyLength(bytes: Buffer): number | undefined {
  const [, , , kind, length] = bytes;
  if (kind === undefined) return undefined;
  if (kind === kinds.ipv4) return 10;
  if (kind === kinds.ipv6) return 22;
  if (kind !== kinds.name) throw new UpstreamFailure('what it answers is no SOCKS 5');
  return length === undefined ? undefined : 7 + length;
}
