import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { builderNetworkName } from '../../isolation/places.js';
import type { EngineAnswer, EngineClient } from '../engine/engine-client.js';
import { probeImage } from '../engine/probe-image.js';

/** A container's first process, by whose namespaces others join it. */
export interface NetworkHolder {
  readonly containerId: string;
  readonly pid: number;
}

export interface BuilderNetworkDependencies {
  readonly client: Pick<EngineClient, 'call'>;
  readonly clock: Clock;
  /** Makes sure that the engine has the image of the container. */
  readonly prepare: () => Promise<void>;
}

/** Together 5 s: longer than a container of that name takes to be removed. */
const attempts = 20;
const pauseMs = 250;

/**
 * What holds the network, and the user namespace that owns it. It is a container like any other, under every rule: a person sees it in
 * `docker ps` and may remove it, and a build in need of it makes it again. Nothing runs in it that could be talked to.
 */
const holder = {
  Image: probeImage.reference,
  Cmd: ['sleep', '2147483647'],
  /* sleep, as the first process of its pid namespace, has no ear for the default. */
  StopSignal: 'SIGKILL',
  Labels: { 'org.bulkhead.internal': 'builder-network' },
  HostConfig: {
    AutoRemove: true,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    LogConfig: { Type: 'none' },
  },
};

const container = `/containers/${builderNetworkName}`;

const inspectSchema = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Pid: z.int().nonnegative() }),
});

/**
 * The network of the builder, for steps that ask for the host's: made at first use, on the engine's default bridge, so that it reaches
 * what other containers and build steps reach.
 *
 * @returns what finds the running container, or starts it. Throws when the engine does not let it run.
 */
export function createBuilderNetwork(dependencies: BuilderNetworkDependencies): () => Promise<NetworkHolder> {
  /* Steps run side by side, and each would make its own. */
  let underWay: Promise<NetworkHolder> | undefined;
  return async () => {
    underWay ??= findOrStart(dependencies).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function findOrStart(dependencies: BuilderNetworkDependencies): Promise<NetworkHolder> {
  const { client, clock } = dependencies;
  let answer: EngineAnswer = { status: 0, body: '' };
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await client.call('GET', `${container}/json`);
    const running = found.status === 200 ? runningIn(found) : undefined;
    if (running !== undefined) return running;
    answer = await start(dependencies, found.status !== 404);
    /* Not there any more; or somebody else has just made it, or the last one is still being removed. */
    if (answer.status === 404 || answer.status === 409) await clock.sleep(pauseMs);
    else if (answer.status >= 400) break;
  }
  throw new Error(`the engine does not run ${builderNetworkName}: ${answer.status} ${answer.body}`);
}

function runningIn({ body }: EngineAnswer): NetworkHolder | undefined {
  const { Id, State } = inspectSchema.parse(JSON.parse(body));
  return State.Running && State.Pid > 0 ? { containerId: Id, pid: State.Pid } : undefined;
}

async function start(
  { client, prepare }: BuilderNetworkDependencies,
  exists: boolean,
): Promise<EngineAnswer> {
  if (!exists) {
    await prepare();
    const path = `/containers/create?name=${builderNetworkName}`;
    const created = await client.call('POST', path, JSON.stringify(holder));
    if (created.status !== 201) return created;
  }
  return client.call('POST', `${container}/start`);
}
