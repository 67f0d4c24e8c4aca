import { parseClientHello } from './client-hello.js';
import { type FirstBytes, type Malformed, mostFirstBytes } from './types.js';

const handshake = 22;
const clientHello = 1;
/** RFC 8446 §5.1: 2^14 bytes. */
const longestFragment = 16_384;

const malformed = (reason: string): Malformed => ({ kind: 'malformed', protocol: 'tls', reason });
const tooLarge = `its ClientHello is larger than ${mostFirstBytes} bytes`;

/**
 * Whether a server could take this for TLS. Threat: Go's, which most registries are, drops alerts in front of a ClientHello and takes records of versions nobody has made; OpenSSL's
 * takes a ClientHello in the form of SSL 2. What is not taken for TLS here is forwarded as a protocol we do not know.
 */
export function isLikeTls([type = 0, major = 0, minor, version]: Uint8Array): boolean {
  if (type >= 20 && type <= 24) return major < 0x10;
  return type >= 0x80 && minor === clientHello && (version === undefined || version === 3);
}

/** The ClientHello in records of TLS, which may split it at any byte (RFC 8446 §5.1). */
export function readTls(bytes: Uint8Array): FirstBytes {
  if ((bytes[0] ?? 0) >= 0x80) return malformed('its ClientHello is in the form of SSL 2');
  const message = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== handshake)
      return malformed('there is another record before its ClientHello is complete');
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return malformed('its record is of no version of TLS');
    if (at + 5 > bytes.length) break;
    const size = (bytes[at + 3] ?? 0) * 256 + (bytes[at + 4] ?? 0);
    if (size === 0 || size > longestFragment)
      return malformed('a record is empty, or longer than TLS allows');
    const part = bytes.subarray(at + 5, at + 5 + size);
    message.set(part, length);
    length += part.length;
    if (length > 0 && message[0] !== clientHello)
      return malformed('its handshake begins with no ClientHello');
    const whole = length < 4 ? Number.POSITIVE_INFINITY : 4 + message.readUIntBE(1, 3);
    if (length >= 4 && whole > mostFirstBytes) return malformed(tooLarge);
    if (length >= whole) return parseClientHello(message.subarray(4, whole));
    at += 5 + size;
  }
  return bytes.length < mostFirstBytes ? { kind: 'more', like: 'tls' } : malformed(tooLarge);
}
