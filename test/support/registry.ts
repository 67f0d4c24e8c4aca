import type { Docker } from './docker.ts';
import { eventually } from './eventually.ts';
import { registryRecipe, importTestImage } from './test-images.ts';

/** Debian's registry in a container of the engine that pushes to it and pulls from it. */
export interface Registry extends AsyncDisposable {
  /** Host and port as the engine names it, which takes its own loopback for a registry without a certificate. */
  readonly address: string;
  /** Gives an image a name in the registry and pushes it there. @returns the name, which the engine keeps. */
  push(image: string, path: string): Promise<string>;
}

/**
 * @param port where the registry listens in the engine's network; without one where there is room.
 * @param settings of its environment, beside what it needs.
 */
export async function startRegistry(
  docker: Docker,
  port = '',
  settings: readonly string[] = [],
): Promise<Registry> {
  const image = await importTestImage(docker, registryRecipe);
  const environment = ['REGISTRY_HTTP_ADDR=0.0.0.0:5000', 'OTEL_TRACES_EXPORTER=none', ...settings].flatMap(
    (value) => ['-e', value],
  );
  const server = ['docker-registry', 'serve', '/etc/docker/registry/config.yml'];
  const published = ['-p', `127.0.0.1:${port}:5000`];
  const container = await docker.ok(['run', '-d', ...published, ...environment, image, ...server]);
  const address = (await docker.ok(['port', container, '5000'])).replace('127.0.0.1', 'localhost');
  return {
    address,
    async push(image, path) {
      const name = `${address}/${path}`;
      await docker.ok(['tag', image, name]);
      // A registry takes no connection before it has read its configuration, and nothing announces that it does.
      await eventually(() => docker.ok(['push', '-q', name]), 60_000);
      return name;
    },
    async [Symbol.asyncDispose]() {
      await docker.run(['rm', '-f', '-v', container]);
    },
  };
}
