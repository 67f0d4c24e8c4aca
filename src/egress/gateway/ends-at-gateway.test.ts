import { expect, test } from 'vitest';
import { FirstOf } from '../connect-decider/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import { endsAtGateway } from './ends-at-gateway.js';

const ends = {
  from: { address: '203.0.113.254', port: 40_000 },
  to: { address: '192.0.2.1', port: 8443 },
};
const never = new AbortController().signal;

/** Of a client that says this, and then nothing any more. */
async function outcomeOf(text: string): ReturnType<typeof endsAtGateway> {
  const bytes = Buffer.from(text, 'latin1');
  const peek = async (beyond: number): Promise<{ bytes: Buffer; all: boolean }> =>
    bytes.length > beyond ? { bytes, all: false } : new Promise(() => undefined);
  const isDaemons = (begun: FirstBytes): boolean =>
    begun.kind === 'http' && begun.authority?.host === 'own.example';
  return endsAtGateway({ contact: 'it@example.com', isDaemons }, ends, new FirstOf(peek), never, 20);
}

test.each([
  ['GET / HTTP/1.1\r\nHost: a.example\r\n\r\n', 'ends'],
  ['GET / HTTP/1.1\r\nHost: own.example\r\n\r\n', 'goes-on'],
  ['GET / HTT', 'ends'],
  ['\u0016\u0003\u0001', 'ends'],
  ['\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000', 'ends'],
  ['SSH-2.0-OpenSSH_10.0\r\n', 'goes-on'],
])('what begins with %j %s', async (text, outcome) => {
  expect(await outcomeOf(text)).toBe(outcome);
});

test.each([
  ['', 'because nothing was said on it'],
  ['\u0005\u0001\u0000', 'because it begins as one to a proxy (SOCKS 5)'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'because it begins with HTTP/2 without TLS'],
])('what begins with %j nobody could read, and is refused', async (text, reason) => {
  const verdict = await outcomeOf(text);
  const said = typeof verdict === 'string' ? verdict : verdict.reason;
  expect(said).toContain(reason);
  expect(said).toMatch(/192\.0\.2\.1:8443.*rule registry-requests.*it@example\.com/);
});
