import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The port of a registry that agrees on keys in this way alone, by TLS 1.2. */
export async function registryWith(cipher: string): Promise<number> {
  const server = createServer(
    { ...pair(), ciphers: cipher, maxVersion: 'TLSv1.2', dhparam: 'auto' },
    (_request, response) => response.end('{}'),
  ).listen(0, '127.0.0.1');
  server.on('tlsClientError', () => undefined);
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function pair(): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'bh-rsa-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-keyout', key];
  try {
    execFileSync('openssl', [...words, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
