import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as NetServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { documentFetcher } from './https-document.js';

/** Of 127.0.0.1 alone, by itself, from 2020 to 2120; nobody else trusts it. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1CdWxraGVh
ZCB0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1CdWxraGVhZCB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXAM1
Vkn/kCvCvLI8e2VetrWEeVZHMtcFcCFGU/d4lrB40K17mBErXZLQIBMwr2VuIUJa
deTamLBlHXSMmQef/6NDMEEwDwYDVR0RBAgwBocEfwAAATAPBgNVHRMBAf8EBTAD
AQH/MB0GA1UdDgQWBBTX+i23voomDv4rpn623TfU7GVeoDAKBggqhkjOPQQDAgNI
ADBFAiEAmosCzG4YTXiBrcx16fBGU/APuTmfXo5BQ9t307tXee4CIFp5zomZyK8f
YEIBEnlDoRapQZYadXuY1Gycxy1n2KB+
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4hSJvi6XmhWxEPRh
0dwg81W6Xc3DsXMIrfxUzjVvjGShRANCAARcAzVWSf+QK8K8sjx7ZV62tYR5Vkcy
1wVwIUZT93iWsHjQrXuYEStdktAgEzCvZW4hQlp15NqYsGUddIyZB5//
-----END PRIVATE KEY-----`;

const fetchDocument = documentFetcher();
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const listening = createServer({ key, cert: certificate }, answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, resolve));
  const address = listening.address();
  return `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/document`;
}

const json = (_: IncomingMessage, response: ServerResponse): void => {
  response.end('{"keys":[]}');
};

test('a document whose authority the policy names', async () => {
  expect(await fetchDocument(await serve(json), certificate)).toEqual({ keys: [] });
});

test('a certificate nobody vouches for is not taken', async () => {
  await expect(fetchDocument(await serve(json), undefined)).rejects.toThrow(/self-signed certificate/);
});

test('nor one of another name', async () => {
  const url = (await serve(json)).replace('127.0.0.1', 'localhost');
  await expect(fetchDocument(url, certificate)).rejects.toThrow(/does not match certificate/);
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
  [
    'a redirect',
    ({ url }, response) => {
      if (url === '/document') response.writeHead(302, { location: '/other' }).end();
      else response.end('{}');
    },
    /answered with status 302/,
  ],
  ['an error', (_, response) => void response.writeHead(500).end('{}'), /answered with status 500/],
  ['more than a document has', (_, response) => void response.end('x'.repeat(300_000)), /is too long/],
  ['no JSON', (_, response) => void response.end('<html>'), /not valid JSON/],
  ['half an answer', ({ socket }, response) => void response.write('{', () => socket.destroy()), /aborted/],
])('%s is not followed or read', async (_, answer, reason) => {
  await expect(fetchDocument(await serve(answer), certificate)).rejects.toThrow(reason);
});

test('no server', async () => {
  const url = await serve(json);
  await new Promise((resolve) => server?.close(resolve));
  await expect(fetchDocument(url, certificate)).rejects.toThrow(/ECONNREFUSED/);
});

test('it connects from the port it is told, and from another where that is taken', async () => {
  const seen: (number | undefined)[] = [];
  const url = await serve(({ socket }, response) => {
    seen.push(socket.remotePort);
    response.end('{}');
  });
  const [taken, free] = [createTcpServer(), createTcpServer()];
  const [first, second] = await Promise.all([taken, free].map(async (each) => portAt(each)));
  free.close();
  const ports = [first, second];
  await documentFetcher(() => ports.shift() ?? 0)(url, certificate);
  taken.close();
  expect(seen).toEqual([second]);
});

async function portAt(listening: NetServer): Promise<number> {
  await new Promise<void>((resolve) => listening.listen(0, resolve));
  const address = listening.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
