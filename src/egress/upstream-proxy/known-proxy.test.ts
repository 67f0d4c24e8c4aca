import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseHost } from '../../common/authority.js';
import { pemOf, writeCertificate } from '../engine-traffic/certificate.js';

const directory = mkdtempSync(join(tmpdir(), 'bh-known-proxy-'));
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const day = 24 * 3600 * 1000;
const dates = { from: new Date(Date.now() - day), until: new Date(Date.now() + day) };
const [issuer, publicKey] = [keys, keys.publicKey];

const authority = join(directory, 'authority.pem');
beforeAll(() => {
  writeFileSync(
    authority,
    pemOf(writeCertificate({ use: { kind: 'authority' }, publicKey, issuer, ...dates })),
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The machine's store is read once in a process, so who dials has one of its own. */
const dialing = `
import { text } from 'node:stream/consumers';
const { dialAlong } = await import(process.argv[1]);
const proxy = { kind: 'proxy', protocol: 'https', host: '127.0.0.1', port: Number(process.argv[2]) };
const direct = async () => Promise.reject(new Error('not directly'));
const { signal } = new AbortController();
const stream = await dialAlong([proxy], { host: 'a.example', port: 443 }, { direct, signal });
process.stdout.write(await text(stream));
`;

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
  const built = new URL('../../../dist/egress/upstream-proxy/index.js', import.meta.url).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', dialing, built, String(port)],
    { env: { SSL_CERT_FILE: authority } },
  );
  expect(stdout).toBe('led');
  server.close();
});
