import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHost } from '../../dist/common/authority.js';
import { pemOf, writeCertificate } from '../../dist/egress/engine-traffic/certificate.js';
import type { Docker } from './docker.ts';
import { importTestImage, registryRecipe } from './test-images.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const day = 24 * 3600 * 1000;
const certificate = (name: string | undefined, days: number): string => {
  const host = name === undefined ? undefined : parseHost(name);
  return pemOf(
    writeCertificate({
      use: host === undefined ? { kind: 'authority' } : { kind: 'server', host },
      publicKey: keys.publicKey,
      issuer: keys,
      from: new Date(Date.now() - 100 * day),
      until: new Date(Date.now() + days * day),
    }),
  );
};

/** The authority of these registries; PEM. */
export const world: string = certificate(undefined, 100);

/** What a server of this name shows; PEM. */
export const shownBy = (name: string): { readonly cert: string; readonly key: string } => ({
  cert: certificate(name, 30),
  key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});

export interface TlsRegistry extends AsyncDisposable {
  /** Of the engine's loopback. */
  readonly port: number;
}

/** Debian's registry, with a certificate for its name, in a container of the engine. Without a name it speaks plain HTTP. */
export async function startTlsRegistry(
  docker: Docker,
  name: string | undefined,
  { days = 30 }: { readonly days?: number } = {},
): Promise<TlsRegistry> {
  const image = await importTestImage(docker, registryRecipe);
  const tls = ['REGISTRY_HTTP_TLS_CERTIFICATE=/cert.pem', 'REGISTRY_HTTP_TLS_KEY=/key.pem'];
  const environment = [
    'REGISTRY_HTTP_ADDR=0.0.0.0:5000',
    'OTEL_TRACES_EXPORTER=none',
    ...(name === undefined ? [] : tls),
  ].flatMap((value) => ['-e', value]);
  const server = ['docker-registry', 'serve', '/etc/docker/registry/config.yml'];
  const container = await docker.ok(['create', '-p', '127.0.0.1::5000', ...environment, image, ...server]);
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-tls-'));
  await writeFile(join(dir, 'cert.pem'), certificate(name, days));
  await writeFile(join(dir, 'key.pem'), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  for (const file of ['cert.pem', 'key.pem'])
    await docker.ok(['cp', join(dir, file), `${container}:/${file}`]);
  await rm(dir, { recursive: true });
  await docker.ok(['start', container]);
  const port = Number((await docker.ok(['port', container, '5000'])).split(':').at(-1));
  return {
    port,
    async [Symbol.asyncDispose]() {
      await docker.run(['rm', '-f', '-v', container]);
    },
  };
}
