import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { EngineJson } from '../../gate/engine-json.js';
import { isWithin } from '../../gate/socket-mount/command-rules.js';
import { socketRequestOf } from '../../gate/socket-mount/create-request.js';
import {
  decideSocketMount,
  deniedBecause,
  shownImage,
  type SocketMountPolicy,
} from '../../gate/socket-mount/decide-image.js';
import type { Exchange } from '../gate/exchange.js';
import type { ImageLookup } from './image-lookup.js';
import { type ContainerJudgeOptions, refusal } from './judge-container.js';
import { idOf, reachesMore } from './socket-holders.js';

export interface CheckCreateOptions extends ContainerJudgeOptions {
  readonly policy: SocketMountPolicy;
  readonly lookup: ImageLookup;
}

/** Containers whose files and namespaces one may share that is made through a filtered socket: each is asked for. Threat: a list of a million of them. */
const mostJoins = 32;

/** What of a container that is made is not left to names, which could lead to others by the time the engine reads them. */
export interface Fixed {
  /** The id of its image. */
  readonly image: string;
  /** What it names in `HostConfig.VolumesFrom`, by ids; undefined where it names nothing there. */
  readonly volumesFrom: readonly string[] | undefined;
}

/**
 * POST /containers/create, for an early and friendly answer to whoever asks for the Docker socket; the runtime decides again at each start. What it cannot
 * know then is who made a container: one that is made through a filtered socket gets none for more than that one's, neither by its own image nor
 * by sharing another container's files. So its image is fixed here, and whose files those are. Rejects with a refusal.
 */
export async function checkCreate(
  body: EngineJson,
  { caller, request }: Pick<Exchange, 'caller' | 'request'>,
  options: CheckCreateOptions,
): Promise<Fixed | undefined> {
  const { image: asked, socket, joins, volumesFrom } = socketRequestOf(body);
  const shares = joins.length + volumesFrom.length > 0;
  if (!socket && (caller.kind === 'developer' || !shares)) return undefined;
  const image = await options.lookup(asked);
  if (image === undefined) {
    // The engine says that there is no such image, and the client fetches it. Through a filtered socket nothing is left open meanwhile.
    if (caller.kind === 'developer') return undefined;
    throw new BulkheadError('BH_GATE_NO_IMAGE', { image: asked });
  }
  const decision = decideSocketMount(image, options.policy);
  if (socket && decision.kind === 'denied') {
    const { contact } = options;
    throw new BulkheadError('BH_GATE_SOCKET', {
      image: shownImage(asked),
      because: deniedBecause(decision),
      contact,
    });
  }
  if (caller.kind === 'developer') return undefined;
  const permitted = await options.permittedTo(caller);
  const wider = decision.kind === 'allowed' && !isWithin(decision.permitted, permitted);
  if (joins.length + volumesFrom.length > mostJoins)
    throw new BulkheadError('BH_GATE_BODY', { reason: `it shares with more than ${mostJoins} containers` });
  const byId: string[] = [];
  const others = new Set(joins);
  for (const [name, mode] of volumesFrom) {
    const id = await idOf(name, options);
    others.add(id);
    byId.push(`${id}${mode}`);
  }
  const reach = async (): Promise<boolean> => {
    for (const other of others) if (await reachesMore(other, caller.id, permitted, options)) return true;
    return false;
  };
  if (wider || (await reach())) throw new BulkheadError('BH_GATE_SOCKET_REACH', refusal(request, options));
  return { image: image.id, volumesFrom: byId.length === 0 ? undefined : byId };
}
