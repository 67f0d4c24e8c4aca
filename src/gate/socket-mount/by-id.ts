import type { RequestHead } from '../http/request-head.js';
import type { Operation, OperationId } from '../operations.js';
import { actsWithin } from './reach.js';

/** What of a request says which container it is for. */
interface Named {
  readonly request: RequestHead;
  readonly path: string;
  readonly operation: Operation;
}

/** Where it counts which container is meant, and is judged before the engine looks for it itself. */
export function isForOneContainer(id: OperationId): boolean {
  return actsWithin[id] === 'container' || id === 'ContainerUpdate';
}

/** The same request for the container with this id, in place of whatever named it in the path. */
export function forContainer<Request extends Named>(asked: Request, id: string): Request {
  const { request, path, operation } = asked;
  const name = `/containers/${operation.parameters['id'] ?? ''}`;
  const withId = (text: string): string => text.replace(name, () => `/containers/${id}`);
  return {
    ...asked,
    request: { ...request, path: withId(request.path) },
    path: withId(path),
    operation: { ...operation, parameters: { ...operation.parameters, id } },
  };
}
