import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { printable } from '../../common/printable.js';
import type { ContainerCaller } from '../../gate/caller.js';
import type { RequestHead } from '../../gate/http/request-head.js';
import { joinedContainer } from '../../gate/joined-network.js';
import { operationsOf, type PermittedOperations } from '../../gate/socket-mount/command-rules.js';
import { forContainer, isForOneContainer } from '../../gate/socket-mount/by-id.js';
import { actsWithin } from '../../gate/socket-mount/reach.js';
import type { Exchange } from '../gate/exchange.js';
import { containerOfExec, idOf, reachesMore, type SocketHoldersOptions } from './socket-holders.js';

export interface ContainerJudgeOptions extends SocketHoldersOptions {
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
  readonly permittedTo: (caller: ContainerCaller) => Promise<PermittedOperations>;
}

/**
 * Whether a container with a filtered socket may ask for this. Threat: what the policy lets a container ask for is got round by way of another
 * container that may ask for more.
 *
 * Nothing is known of the body here; POST /containers/create is looked at again once it is read (`check-create.ts`).
 *
 * @returns the request as it may go on, with the id of the container that was judged. Rejects with a refusal.
 */
export async function judgeContainer<Asked extends Pick<Exchange, 'operation' | 'path' | 'request'>>(
  asked: Asked,
  caller: ContainerCaller,
  options: ContainerJudgeOptions,
): Promise<Asked> {
  const { operation, request } = asked;
  const permitted = await options.permittedTo(caller);
  if (!operationsOf(operation.id, request.query).every((each) => permitted.has(each)))
    throw new BulkheadError('BH_GATE_COMMAND', refusal(request, options));
  const judged = isForOneContainer(operation.id)
    ? forContainer(asked, await idOf(operation.parameters['id'] ?? '', options))
    : asked;
  for (const target of await targetsOf(judged.operation, request, options))
    if (await reachesMore(target, caller.id, permitted, options))
      throw new BulkheadError('BH_GATE_SOCKET_REACH', refusal(request, options));
  return judged;
}

/** Containers a request acts within: one it names in its path, or whose network the classic builder is to give the containers it makes. */
async function targetsOf(
  { id, parameters }: Exchange['operation'],
  { query }: Pick<RequestHead, 'query'>,
  options: SocketHoldersOptions,
): Promise<readonly string[]> {
  if (id === 'ImageBuild')
    return new URLSearchParams(`?${query ?? ''}`)
      .getAll('networkmode')
      .flatMap((mode) => joinedContainer(mode) ?? []);
  const kind = actsWithin[id];
  const reference = parameters['id'] ?? '';
  if (kind === undefined) return [];
  if (kind === 'container') return [reference];
  const container = await containerOfExec(reference, options);
  return container === undefined ? [] : [container];
}

/** The request as it was understood, in words that a terminal does not act on. */
export function refusal(
  { path, query }: Pick<RequestHead, 'path' | 'query'>,
  { contact }: Pick<ContainerJudgeOptions, 'contact'>,
): { command: string; contact: string } {
  return { command: printable(query === undefined ? path : `${path}?${query}`), contact };
}
