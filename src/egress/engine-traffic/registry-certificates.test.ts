import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { parseHost } from '../../common/authority.js';
import { registryWith } from '../test-support/rsa-server.js';
import { pemOf, writeCertificate } from './certificate.js';
import type { Place } from './place.js';
import { registryContext } from './registry-certificates.js';
import { listen } from './traffic.test-support.js';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const dates = { from: new Date(Date.now() - 86_400_000), until: new Date(Date.now() + 86_400_000) };
const certificate = (name: string): string => {
  const host = parseHost(name);
  const use = host === undefined ? ({ kind: 'authority' } as const) : ({ kind: 'server', host } as const);
  return pemOf(writeCertificate({ use, publicKey: keys.publicKey, issuer: keys, ...dates }));
};

async function directory(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'certs.d-'));
  onTestFinished(async () => rm(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

function place(port: number): Place {
  const host = parseHost('registry.test');
  if (host === undefined) throw new Error('no host');
  return { scheme: 'https', host, port };
}

/** The subject of the certificate a registry is shown; undefined where it is not believed. */
async function shown(at: Place, path: string): Promise<string | undefined> {
  const options = { key, cert: certificate('registry.test'), requestCert: true, rejectUnauthorized: false };
  const server = createServer(options);
  const seen = once(server, 'secureConnection');
  const secureContext = await registryContext(at, path);
  const socket = connect({ port: await listen(server), secureContext, servername: 'registry.test' });
  onTestFinished(() => void socket.destroy());
  try {
    await once(socket, 'secureConnect');
    await seen;
    return String(socket.getCertificate() === null ? 'nobody' : socket.getX509Certificate()?.subject);
  } catch {
    return undefined;
  }
}

test('a registry is known by its own directory, with its port or, at 443, without, and shown the certificate in it', async () => {
  const files = {
    'ca.crt': certificate('[authority]'),
    'me.cert': certificate('client.test'),
    'me.key': key,
  };
  const under = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]));
  expect(await shown(place(443), await directory(under('registry.test')))).toBe('CN=Bulkhead');
  expect(await shown(place(443), await directory(under('registry.test:443')))).toBe('CN=Bulkhead');
  expect(await shown(place(5000), await directory(under('registry.test:5000')))).toBe('CN=Bulkhead');
  expect(await shown(place(5000), await directory(under('registry.test')))).toBeUndefined();
  expect(await shown(place(443), await directory(under('other.test')))).toBeUndefined();
  expect(await shown(place(443), '/nonexistent')).toBeUndefined();
});

test('a certificate without its key is told', async () => {
  const lonely = await directory({ 'registry.test/me.cert': certificate('client.test') });
  await expect(registryContext(place(443), lonely)).rejects.toThrow('me.key');
});

test('no registry agrees on keys in a group of its own, which may be as large as it likes', async () => {
  const secureContext = await registryContext(place(443), '/nonexistent');
  const greeted = async (cipher: string): Promise<unknown> => {
    const port = await registryWith(cipher);
    const socket = connect({ port, host: '127.0.0.1', secureContext, rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    return once(socket, 'secureConnect');
  };
  await greeted('ECDHE-RSA-AES128-GCM-SHA256');
  await expect(greeted('DHE-RSA-AES128-GCM-SHA256')).rejects.toThrow('handshake failure');
});
