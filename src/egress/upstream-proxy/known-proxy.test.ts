import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseHost } from '../../common/authority.js';
import { pemOf, writeCertificate } from '../engine-traffic/certificate.js';
import { dialAlong } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'bh-known-proxy-'));
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const day = 24 * 3600 * 1000;
const dates = { from: new Date(Date.now() - day), until: new Date(Date.now() + day) };
const [issuer, publicKey] = [keys, keys.publicKey];

// The machine's store is read once in a process, so this has one of its own.
beforeAll(() => {
  const authority = join(directory, 'authority.pem');
  writeFileSync(
    authority,
    pemOf(writeCertificate({ use: { kind: 'authority' }, publicKey, issuer, ...dates })),
  );
  vi.stubEnv('SSL_CERT_FILE', authority);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

test('a proxy of https is known by the authorities of the machine, and not by those that Node brings alone', async () => {
  const host = parseHost('127.0.0.1');
  if (host === undefined) throw new Error('no host');
  const cert = pemOf(writeCertificate({ use: { kind: 'server', host }, publicKey, issuer, ...dates }));
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ cert, key }, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nled'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const proxy = { kind: 'proxy', protocol: 'https', host: '127.0.0.1', port } as const;
  const direct = async (): Promise<never> => Promise.reject(new Error('not directly'));
  const signal = new AbortController().signal;
  const stream = await dialAlong([proxy], { host: 'a.example', port: 443 }, { direct, signal });
  expect(await text(stream)).toBe('led');
  server.close();
});
