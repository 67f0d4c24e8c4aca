import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Docker } from './docker.ts';

const descriptor = z.looseObject({ mediaType: z.string(), digest: z.string().regex(/^sha256:[\da-f]{64}$/) });
const index = z.looseObject({ manifests: z.array(descriptor).min(1) });

/** A registry on this machine that serves one image of an engine, as `docker save` writes it (an OCI image layout), and nothing else. */
export async function serveImage(
  docker: Docker,
  image: string,
  host: string,
): Promise<{ readonly name: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-layout-'));
  await docker.ok(['save', '-o', join(dir, 'image.tar'), image]);
  await execa('tar', ['-x', '-f', join(dir, 'image.tar'), '-C', dir]);
  const [manifest] = index.parse(JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))).manifests;
  if (manifest === undefined) throw new Error('no manifest');
  const server = createServer((request, response) => {
    const [, what, reference = ''] =
      /^\/v2\/served\/(manifests|blobs)\/([\w:]+)$/.exec(request.url ?? '') ?? [];
    if (request.url === '/v2/') {
      response.end('{}');
      return;
    }
    const digest = reference === 'latest' ? manifest.digest : reference;
    readFile(join(dir, 'blobs', digest.replace(':', '/'))).then(
      (bytes) => {
        response.setHeader(
          'content-type',
          what === 'manifests' ? manifest.mediaType : 'application/octet-stream',
        );
        response.setHeader('docker-content-digest', digest).setHeader('content-length', bytes.length);
        response.end(request.method === 'HEAD' ? undefined : bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    name: `${host}:${address.port}/served:latest`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true });
    },
  };
}
