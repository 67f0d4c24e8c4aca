import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { execa } from 'execa';
import { copyImage } from './copy-image.ts';
import { eventually } from './eventually.ts';
import { archiveOf, registryRecipe } from './test-images.ts';
import { shownBy, world as authority } from './tls-registry.ts';

/** What a server of a name does beside being a registry. */
export type WorldServer =
  | { readonly kind: 'registry' }
  /** Asks for a token, which the server `tokens` of that name gives. */
  | { readonly kind: 'secured'; readonly by: string }
  | { readonly kind: 'tokens' }
  /** Sends for blobs to a server of that name. */
  | { readonly kind: 'moved'; readonly to: string }
  /** Of the first layer it is asked for it sends the beginning alone, and leaves the connection as it is. */
  | { readonly kind: 'faltering' }
  /** No registry: says its name. */
  | { readonly kind: 'web' };

export interface WorldRegistries extends AsyncDisposable {
  /** Where certificates of registries are, as Docker has them. */
  readonly certificates: string;
  /** `HOST METHOD PATH` of all that was asked. */
  readonly asked: string[];
  /** The hosts that have begun a layer and not gone on. */
  readonly faltered: ReadonlySet<string>;
  /** Gives an image that is there another name, as `acme/tool:v1`; `latest` where none is said. */
  readonly copy: (from: string, to: string) => Promise<void>;
}

const token = 'of-the-test';
/** Bytes of a layer; what is below is what an image says of itself. */
const smallest = 20_000;
/** Before the path of what is no registry's request any more. */
const store = '/store';

/** Debian's registry on this machine, under several names by TLS, and the same without; what is pushed to one is at each. */
export async function startWorldRegistries(
  address: string,
  servers: Readonly<Record<string, WorldServer>>,
): Promise<WorldRegistries> {
  await using undo = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-registries-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const socket = await startRegistryProcess(dir, undo);
  const certificates = join(dir, 'certs.d');
  const asked: string[] = [];
  const faltered = new Set<string>();
  for (const name of Object.keys(servers)) {
    await mkdir(join(certificates, name), { recursive: true });
    await writeFile(join(certificates, name, 'ca.crt'), authority);
  }
  const take = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { host = '' } = incoming.headers;
    asked.push(`${host} ${incoming.method} ${incoming.url}`);
    answer(servers[host.split(':')[0] ?? ''], { socketPath: socket, faltered }, incoming, response);
  };
  const secure = createServer(
    {
      SNICallback: (name, done) => done(null, createSecureContext(shownBy(name))),
      ...shownBy('nobody.test'),
    },
    take,
  );
  for (const [server, port] of [
    [secure, 443],
    [createHttpServer(take), 80],
  ] as const) {
    server.listen(port, address);
    await once(server, 'listening');
    undo.defer(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  const all = undo.move();
  return {
    certificates,
    asked,
    faltered,
    copy: (from, to) => copyImage(socket, from, to),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** @returns the socket it listens on: no port that somebody else may have. */
async function startRegistryProcess(dir: string, undo: AsyncDisposableStack): Promise<string> {
  await execa('tar', ['-x', '-f', await archiveOf(registryRecipe), '-C', dir]);
  const child = execa(
    '/usr/sbin/chroot',
    [dir, '/usr/bin/docker-registry', 'serve', '/etc/docker/registry/config.yml'],
    {
      env: {
        REGISTRY_HTTP_NET: 'unix',
        REGISTRY_HTTP_ADDR: '/registry.sock',
        REGISTRY_HTTP_RELATIVEURLS: 'true',
        OTEL_TRACES_EXPORTER: 'none',
      },
      extendEnv: false,
      stdio: 'ignore',
      reject: false,
    },
  );
  undo.defer(async () => {
    child.kill('SIGKILL');
    await child;
  });
  const socket = join(dir, 'registry.sock');
  await eventually(async () => {
    const asking = request({ socketPath: socket, path: '/v2/' }).end();
    await once(asking, 'response');
    asking.destroy();
  }, 60_000);
  return socket;
}

function answer(
  server: WorldServer | undefined,
  { socketPath, faltered }: { readonly socketPath: string; readonly faltered: Set<string> },
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const { url = '/', method, headers } = incoming;
  const { host = '' } = headers;
  if (server?.kind === 'web') {
    response.end(`web ${host}\n`);
    return;
  }
  if (server?.kind === 'tokens') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ token }));
    return;
  }
  if (server?.kind === 'secured' && headers.authorization !== `Bearer ${token}`) {
    const challenge = `Bearer realm="https://${server.by}/token",service="${host}"`;
    response.writeHead(401, { 'www-authenticate': challenge, 'content-length': 0 }).end();
    return;
  }
  if (server?.kind === 'moved' && method === 'GET' && url.includes('/blobs/')) {
    response.writeHead(307, { location: `https://${server.to}${store}${url}`, 'content-length': 0 }).end();
    return;
  }
  const path = url.startsWith(`${store}/`) ? url.slice(store.length) : url;
  const asking = request({ socketPath, path, method, headers }, (found) => {
    response.writeHead(found.statusCode ?? 500, found.rawHeaders);
    const isLayer = url.includes('/blobs/') && Number(found.headers['content-length']) > smallest;
    if (server?.kind !== 'faltering' || method !== 'GET' || !isLayer || faltered.has(host)) {
      found.pipe(response);
      return;
    }
    found.once('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, smallest / 2));
      found.destroy();
      faltered.add(host);
    });
  });
  asking.on('error', () => response.destroy());
  incoming.pipe(asking);
}
