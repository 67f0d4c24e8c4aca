import type { Socket } from 'node:net';
import type { Decision } from '../../common/audit-event.js';
import type { Logger } from '../../common/log.js';
import type { ContainerCaller } from '../../gate/caller.js';
import { alwaysAllowed } from '../../gate/socket-mount/command-table.js';
import type { PermittedOperations } from '../../gate/socket-mount/command-rules.js';
import type { SocketMountPolicy } from '../../gate/socket-mount/decide-image.js';
import type { RequestBody } from '../../gate/request-body.js';
import type { EngineClient } from '../engine/engine-client.js';
import type { Exchange } from '../gate/exchange.js';
import { checkCreate } from './check-create.js';
import { checkUpdate } from './check-update.js';
import { readContainerRecord } from './container-record.js';
import { FilteredSockets } from './filtered-sockets.js';
import type { SocketMounts } from './grant-request.js';
import { createImageLookup } from './image-lookup.js';
import { ImageMemory } from './image-memory.js';
import { judgeContainer } from './judge-container.js';
import { createSocketGrants, decideById } from './socket-grants.js';
import { createSocketRelays } from './socket-relays.js';

const relayProgram = '/usr/lib/bulkhead/socket-relay';
const socketsDirectory = '/run/bulkhead/sockets';
/** Where neither a container nor the engine can write. */
const memoryDirectory = '/var/lib/bulkhead-data/bulkhead/sockets';

export interface DockerSocketsOptions {
  readonly policy: SocketMountPolicy;
  readonly contact: string;
  readonly client: Pick<EngineClient, 'call'>;
  /** dockerd's data root. */
  readonly dataRoot: string;
  /** Whether a container holds ids. */
  readonly isHeld: (containerId: string) => boolean;
  /** Full ids of the containers that hold the same ids as this one, it among them. */
  readonly holdersOf: (containerId: string) => readonly string[];
  readonly audit: (decision: Decision) => void;
  readonly log: Logger;
}

/** What is made after the front doors are answered. */
export interface DockerSocketsPeers {
  readonly engineReady: () => boolean;
  readonly serve: (connection: Socket, caller: ContainerCaller) => void;
}

/** The Docker sockets of containers, and the rules of what is said on them. */
export interface DockerSockets extends SocketMounts {
  /** A container's ids were given back. */
  over(containerId: string): void;
  /** From now on connections are served, those of containers that run already as well. */
  connect(peers: DockerSocketsPeers): Promise<void>;
  /** Whether a container may ask for what it asks for: the exchange to go on with. Rejects with a refusal. */
  judge(exchange: Exchange): Promise<Exchange>;
  /** The same once the body of a container's making, whoever asks, or of its update is known; what is not left to names in it is fixed. */
  judgeBody(exchange: Exchange, body: RequestBody): Promise<void>;
}

/** Of all containers; a relay takes 256 of one. The least limit of descriptors there is, that of a shell in native mode, was 20,000. */
const mostConnections = 4096;

/** Composes the parts of this room. */
export function createDockerSockets(options: DockerSocketsOptions): DockerSockets {
  const { policy, contact, client, dataRoot, isHeld, holdersOf, audit, log } = options;
  let peers: DockerSocketsPeers | undefined;
  const memory = new ImageMemory(memoryDirectory);
  const lookup = createImageLookup(client, policy.images, memory);
  const sockets = new FilteredSockets({
    directory: socketsDirectory,
    isHeld,
    relays: createSocketRelays(relayProgram),
    serve: (connection, { containerId, image }) => {
      if (peers === undefined) connection.destroy();
      else peers.serve(connection, { kind: 'container', id: containerId, image });
    },
    mostConnections,
    log,
  });
  const deciding = { policy, memory, lookup, engineReady: () => peers?.engineReady() ?? false, log };
  const permittedTo = async ({ id }: ContainerCaller): Promise<PermittedOperations> => {
    const owner = sockets.ownerOf(id);
    const decision = owner === undefined ? undefined : await decideById(owner.imageId, deciding);
    return decision?.kind === 'allowed' ? decision.permitted : new Set(alwaysAllowed);
  };
  const judging = {
    client,
    contact,
    permittedTo,
    decideById: (imageId: string) => decideById(imageId, deciding),
    ownersBeside: (containerId: string) =>
      holdersOf(containerId).flatMap((holder) => sockets.ownerOf(holder) ?? []),
    policy,
    lookup,
  };
  return {
    grant: createSocketGrants({
      ...deciding,
      sockets,
      audit,
      recordOf: (containerId) => readContainerRecord(dataRoot, containerId),
    }),
    started: (containerId) => {
      sockets.started(containerId);
    },
    over: (containerId) => {
      sockets.over(containerId);
    },
    async connect(given) {
      peers = given;
      await sockets.restore();
    },
    async judge(exchange) {
      const { caller } = exchange;
      return caller.kind === 'container' ? judgeContainer(exchange, caller, judging) : exchange;
    },
    async judgeBody(exchange, body) {
      if (exchange.operation.id === 'ContainerUpdate' && exchange.caller.kind === 'container')
        await checkUpdate(body.folded, exchange, exchange.caller, judging);
      if (exchange.operation.id !== 'ContainerCreate') return;
      const fixed = await checkCreate(body.folded, exchange, judging);
      if (fixed === undefined) return;
      body.set('Image', fixed.image);
      if (fixed.volumesFrom !== undefined) body.setHostConfig('VolumesFrom', fixed.volumesFrom);
    },
  };
}
