import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { ContainerCaller } from '../../gate/caller.js';
import type { EngineJson } from '../../gate/engine-json.js';
import { asObject, objectAt, textAt } from '../../gate/fields.js';
import type { Exchange } from '../gate/exchange.js';
import { type ContainerJudgeOptions, refusal } from './judge-container.js';
import { reachesMore } from './socket-holders.js';

/**
 * POST /containers/{id}/update of a container with a filtered socket. A restart policy has the engine start a container: when it ends, and, one that is stopped,
 * when the engine itself is started (of a container that never ran it has not; dockerd, daemon.go, restore). Threat: whoever may start none, or not
 * this one, does so by way of it.
 *
 * Rejects with a refusal.
 */
export async function checkUpdate(
  body: EngineJson,
  { operation, request }: Pick<Exchange, 'operation' | 'request'>,
  caller: ContainerCaller,
  options: ContainerJudgeOptions,
): Promise<void> {
  const restart = textAt(objectAt(asObject(body, 'the body'), 'restartpolicy'), 'name');
  if (restart === '' || restart === 'no') return;
  const permitted = await options.permittedTo(caller);
  if (!permitted.has('ContainerStart')) throw new BulkheadError('BH_GATE_COMMAND', refusal(request, options));
  if (await reachesMore(operation.parameters['id'] ?? '', caller.id, permitted, options))
    throw new BulkheadError('BH_GATE_SOCKET_REACH', refusal(request, options));
}
