import { buildBuilderImage } from './builder-image.ts';
import { type Docker, type Outcome, unique } from './docker.ts';
import { startInner, startInnerDaemon } from './inner-engine.ts';

/** What asks registries by itself. */
export interface RegistryClients extends AsyncDisposable {
  /** Full id of the container that all of it but the builder runs in. */
  readonly container: string;
  /** By name; each pulls an image, given without a tag. */
  readonly pulls: Readonly<Record<string, (image: string) => Promise<Outcome>>>;
}

const dockerCertificates = '/etc/docker/certs.d';
const managedContainerd = '/var/run/docker/containerd/containerd.sock';

/**
 * Starts all that Debian has, in a container of the engine, and a builder of buildx in another.
 *
 * @param certificates of registries, as Docker has them.
 */
export async function startRegistryClients(docker: Docker, certificates: string): Promise<RegistryClients> {
  await using undo = new AsyncDisposableStack();
  const inner = await startInner(docker);
  undo.defer(() => inner.remove());
  await docker.ok(['cp', `${certificates}/.`, `${inner.name}:${dockerCertificates}`]);
  await startInnerDaemon(docker, inner);
  const builder = await startBuilder(docker, certificates, undo);
  const container = await docker.ok(['inspect', '-f', '{{.Id}}', inner.name]);
  const all = undo.move();
  const exec = async (...command: readonly string[]): Promise<Outcome> => inner.exec(...command);
  const ctr = ['ctr', '-a', managedContainerd, 'images', 'pull'];
  return {
    container,
    pulls: {
      'an engine': async (image) => exec('docker', 'pull', '-q', image),
      'the builder of an engine': async (image) =>
        exec('sh', '-c', `echo FROM ${image} | docker build -q --pull --no-cache -`),
      podman: async (image) => exec('podman', 'pull', '-q', '--retry', '0', image),
      skopeo: async (image) => exec('skopeo', 'copy', '-q', `docker://${image}`, 'dir:/copied'),
      ctr: async (image) => exec(...ctr, '--hosts-dir', dockerCertificates, `${image}:latest`),
      'ctr without TLS': async (image) => exec(...ctr, '--plain-http', `${image}:latest`),
      'a docker-container builder of buildx': async (image) =>
        docker.run(['buildx', 'build', '--builder', builder, '--pull', '--no-cache', '-'], {
          input: `FROM ${image}\nLABEL a=b\n`,
        }),
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function startBuilder(
  docker: Docker,
  certificates: string,
  undo: AsyncDisposableStack,
): Promise<string> {
  const [name, image] = [unique('builder'), 'registry.test/of-tests/builder'];
  await buildBuilderImage(docker, image);
  undo.defer(async () => void (await docker.run(['rmi', '-f', image])));
  const driver = ['--driver', 'docker-container', '--driver-opt', `image=${image}`];
  await docker.ok(['buildx', 'create', '--name', name, ...driver, docker.host]);
  undo.defer(async () => void (await docker.run(['buildx', 'rm', '-f', name])));
  await docker.ok(['buildx', 'inspect', '--bootstrap', name]);
  await docker.ok(['cp', `${certificates}/.`, `buildx_buildkit_${name}0:${dockerCertificates}`]);
  return name;
}
