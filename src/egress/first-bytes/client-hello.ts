import { canonicalHostName } from '../../common/host-name.js';
import { OutOfBounds, Reader } from './reader.js';
import type { Malformed, TlsBeginning } from './types.js';

const extensions = {
  serverName: 0,
  alpn: 16,
  encryptedClientHello: 0xfe_0d,
  encryptedServerName: 0xff_ce,
} as const;

const malformed = (reason: string): Malformed => ({ kind: 'malformed', protocol: 'tls', reason });

/**
 * Reads a ClientHello (RFC 8446 §4.1.2), without the header of the handshake. Strict where a server could choose: an extension that is there twice, a list of several names, a name that is
 * none, something behind the end.
 */
export function parseClientHello(body: Uint8Array): TlsBeginning | Malformed {
  try {
    return read(new Reader(body));
  } catch (error) {
    if (error instanceof OutOfBounds)
      return malformed('a part of its ClientHello is longer than what it is in');
    throw error;
  }
}

function read(hello: Reader): TlsBeginning | Malformed {
  if (hello.number(2) >> 8 !== 3) return malformed('its ClientHello is of no version of TLS');
  hello.take(32);
  if (hello.vector(1).length > 32) return malformed('its session id is too long');
  const suites = hello.vector(2).length;
  if (suites < 2 || suites % 2 !== 0) return malformed('its list of cipher suites is not in order');
  if (hello.vector(1).length === 0) return malformed('its list of compression methods is empty');
  const found = hello.done ? new Map<number, Uint8Array>() : extensionsOf(new Reader(hello.vector(2)));
  if (found === undefined) return malformed('an extension is there twice');
  if (!hello.done) return malformed('there is something behind its extensions');
  const named = found.get(extensions.serverName);
  const serverName = named === undefined ? undefined : serverNameOf(new Reader(named));
  if (typeof serverName === 'object') return serverName;
  const alpn = found.get(extensions.alpn);
  return {
    kind: 'tls',
    ...(serverName === undefined ? {} : { serverName }),
    alpn: alpn === undefined ? [] : protocolsOf(new Reader(alpn)),
    encrypted: found.has(extensions.encryptedClientHello) || found.has(extensions.encryptedServerName),
  };
}

/** @returns undefined where one is there twice. */
function extensionsOf(list: Reader): Map<number, Uint8Array> | undefined {
  const found = new Map<number, Uint8Array>();
  while (!list.done) {
    const type = list.number(2);
    if (found.has(type)) return undefined;
    found.set(type, list.vector(2));
  }
  return found;
}

/** RFC 6066 §3. A client that connects to an address names no server. */
function serverNameOf(extension: Reader): string | Malformed {
  const list = new Reader(extension.vector(2));
  if (list.number(1) !== 0) return malformed('its server name is of an unknown kind');
  const text = Buffer.from(list.vector(2)).toString('latin1');
  if (!list.done || !extension.done) return malformed('it has more than one server name');
  return canonicalHostName(text) ?? malformed('its server name is no name of a host');
}

function protocolsOf(extension: Reader): string[] {
  const list = new Reader(extension.vector(2));
  if (!extension.done) throw new OutOfBounds();
  const protocols: string[] = [];
  while (!list.done) protocols.push(Buffer.from(list.vector(1)).toString('latin1'));
  return protocols;
}
