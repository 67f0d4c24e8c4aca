import type { FirstBytes } from './types.js';

/** PROXY protocol, version 2 (HAProxy, proxy-protocol.txt §2.2). */
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** As far as it could be the end of empty lines before a request. */
const leastOfSignature = 5;
const version1 = /^PROXY (?:TCP4|TCP6|UNKNOWN)/;

/**
 * What is said to somebody who is to connect further, or before the real beginning; undefined where it is neither. Threat: a client asks a server that is none for a registry, in a form nobody here reads on.
 *
 * @param bytes one at least.
 */
export function readForwarding(bytes: Uint8Array): FirstBytes | undefined {
  const [first, second] = bytes;
  if (first === 4 || first === 5) {
    if (second === undefined) return { kind: 'more', like: 'proxy' };
    // A version and what is asked for, CONNECT or BIND; a version and how many ways to sign in there are, of which one is needed (RFC 1928 §3).
    const isOne = first === 4 ? second === 1 || second === 2 : second > 0;
    return isOne ? { kind: 'forwarding', protocol: `SOCKS ${first}` } : undefined;
  }
  if (bytes.length >= leastOfSignature) {
    const looked = Buffer.from(bytes.subarray(0, signature.length));
    if (looked.equals(signature.subarray(0, looked.length)))
      return looked.length < signature.length
        ? { kind: 'more', like: 'proxy' }
        : { kind: 'forwarding', protocol: 'PROXY' };
  }
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return version1.test(text) ? { kind: 'forwarding', protocol: 'PROXY' } : undefined;
}
