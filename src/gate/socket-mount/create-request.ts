import type { EngineJson } from '../engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from '../fields.js';
import { joinedContainer } from '../joined-network.js';
import { isSocketName } from './socket-source.js';

/** What of POST /containers/create concerns the Docker socket. */
export interface SocketRequest {
  /** As it was asked for. */
  readonly image: string;
  /** Whether the Docker socket is to be mounted. */
  readonly socket: boolean;
  /** Containers whose namespaces it is to share, as they were named. */
  readonly joins: readonly string[];
  /** Those whose volumes it is to have, each as `name` and what is behind it, such as `:ro`. */
  readonly volumesFrom: readonly (readonly [name: string, mode: string])[];
}

/** Throws `BH_GATE_BODY` for fields of a wrong type. */
export function socketRequestOf(body: EngineJson): SocketRequest {
  const container = asObject(body, 'the body');
  const hostConfig = objectAt(container, 'hostconfig');
  const modes = ['networkmode', 'pidmode', 'ipcmode', 'usernsmode', 'utsmode'].map((key) =>
    textAt(hostConfig, key),
  );
  return {
    image: textAt(container, 'image'),
    socket: [...bindSources(hostConfig), ...mountSources(hostConfig)].some(isSocketName),
    joins: modes.flatMap((mode) => joinedContainer(mode) ?? []),
    volumesFrom: arrayAt(hostConfig, 'volumesfrom').flatMap((from) => {
      if (typeof from !== 'string') return [];
      const [name = ''] = from.split(':');
      return [[name, from.slice(name.length)] as const];
    }),
  };
}

function bindSources(hostConfig: ReadonlyMap<string, EngineJson>): string[] {
  return arrayAt(hostConfig, 'binds').flatMap((bind) =>
    typeof bind === 'string' ? [bind.split(':')[0] ?? ''] : [],
  );
}

function mountSources(hostConfig: ReadonlyMap<string, EngineJson>): string[] {
  return arrayAt(hostConfig, 'mounts').map((mount) => textAt(asObject(mount, 'mounts'), 'source'));
}
