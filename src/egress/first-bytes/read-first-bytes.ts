import { readForwarding } from './forwarding.js';
import { readHttp } from './http-head.js';
import { isLikeTls, readTls } from './tls-records.js';
import { type FirstBytes, mostFirstBytes } from './types.js';

/**
 * What the first bytes of a connection say of whom the client wants to speak to. Of more bytes than are looked at, the rest counts for nothing; the answer is `more` only for less than that.
 *
 * @param bytes all that came so far, from the first on.
 */
export function readFirstBytes(bytes: Uint8Array): FirstBytes {
  const looked = bytes.subarray(0, mostFirstBytes);
  const [first] = looked;
  if (first === undefined) return { kind: 'more', like: 'anything' };
  // Whether a first byte above 0x7f is SSL 2 is seen by the third.
  if (first >= 0x80 && looked.length < 3) return { kind: 'more', like: 'tls' };
  if (looked.length < 2 && first >= 20 && first <= 24) return { kind: 'more', like: 'tls' };
  const forwarding = readForwarding(looked);
  if (forwarding !== undefined) return forwarding;
  return isLikeTls(looked) ? readTls(looked) : readHttp(looked);
}
