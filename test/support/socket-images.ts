import type { Docker } from './docker.ts';
import { probe } from './docker.ts';
import { eventually } from './eventually.ts';
import { engineRecipe, importTestImage } from './test-images.ts';

/** Where the registry listens in the network of the engine, which takes it for its own machine. */
const address = 'localhost:5000';
/** The image with the client, by a name no registry knows. */
const client = 'bulkhead-test/client';

/** A registry in a container, and an image with a Docker client that is in it by several names. */
export interface RegistryImages extends AsyncDisposable {
  readonly local: string;
  /** Gives an image a name in the registry and pushes it there. @returns `name@sha256:…`. */
  push(image: string, name: string): Promise<string>;
  /** A name in the registry. */
  named(name: string): string;
}

/** The client is the engine image's, as small as can be: it is pushed, saved and loaded. */
async function clientImage(docker: Docker, from: string): Promise<void> {
  const libraries = '/usr/lib/x86_64-linux-gnu';
  const lines = [
    `FROM ${from} AS engine`,
    `FROM ${probe}`,
    'COPY --from=engine /usr/bin/docker /usr/bin/docker',
    `COPY --from=engine ${libraries}/libc.so.6 ${libraries}/libc.so.6`,
    `COPY --from=engine ${libraries}/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2`,
  ];
  await docker.ok(['build', '-q', '-t', client, '-'], { input: lines.join('\n') });
}

/** A registry takes no connection before it has read its configuration, and nothing announces that it does. */
export async function startRegistry(docker: Docker): Promise<RegistryImages> {
  const engine = await importTestImage(docker, engineRecipe);
  await clientImage(docker, engine);
  const environment = ['REGISTRY_HTTP_ADDR=0.0.0.0:5000', 'OTEL_TRACES_EXPORTER=none'].flatMap((value) => [
    '-e',
    value,
  ]);
  const server = ['docker-registry', 'serve', '/etc/docker/registry/config.yml'];
  const published = ['-p', '127.0.0.1:5000:5000'];
  const container = await docker.ok(['run', '-d', ...published, ...environment, engine, ...server]);
  const named = (name: string): string => `${address}/${name}`;
  return {
    local: client,
    named,
    async push(image, name) {
      await docker.ok(['tag', image, named(name)]);
      await eventually(() => docker.ok(['push', '-q', named(name)]), 60_000);
      const digests = await docker.ok(['inspect', '-f', '{{join .RepoDigests "\\n"}}', named(name)]);
      const repository = named(name).replace(/:[^/]*$/, '');
      const digest = digests.split('\n').find((text) => text.startsWith(`${repository}@`));
      if (digest === undefined) throw new Error(`${name} has no digest: ${digests}`);
      return digest;
    },
    async [Symbol.asyncDispose]() {
      await docker.run(['rm', '-f', '-v', container]);
    },
  };
}
