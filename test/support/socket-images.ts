import type { Docker } from './docker.ts';
import { probe } from './docker.ts';
import { startRegistry } from './registry.ts';
import { registryRecipe, importTestImage } from './test-images.ts';

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

/** The probe image with the Docker client of Debian, as small as can be: it is pushed, saved and loaded. @returns its name. */
export async function dockerClientImage(docker: Docker): Promise<string> {
  const from = await importTestImage(docker, registryRecipe);
  const libraries = '/usr/lib/x86_64-linux-gnu';
  const lines = [
    `FROM ${from} AS debian`,
    `FROM ${probe}`,
    'COPY --from=debian /usr/bin/docker /usr/bin/docker',
    `COPY --from=debian ${libraries}/libc.so.6 ${libraries}/libc.so.6`,
    `COPY --from=debian ${libraries}/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2`,
  ];
  await docker.ok(['build', '-q', '-t', client, '-'], { input: lines.join('\n') });
  return client;
}

/** The registry listens on port 5000 of the engine's network. */
export async function startRegistryImages(docker: Docker): Promise<RegistryImages> {
  const local = await dockerClientImage(docker);
  const registry = await startRegistry(docker, '5000');
  return {
    local,
    named: (name) => `${registry.address}/${name}`,
    async push(image, path) {
      const name = await registry.push(image, path);
      const digests = await docker.ok(['inspect', '-f', '{{join .RepoDigests "\\n"}}', name]);
      const repository = name.replace(/:[^/]*$/, '');
      const digest = digests.split('\n').find((text) => text.startsWith(`${repository}@`));
      if (digest === undefined) throw new Error(`${name} has no digest: ${digests}`);
      return digest;
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}
