import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { operationTable } from './operation-table.js';

/** The operationId of Docker's API description, or a name in its manner for an endpoint it leaves out. */
export type OperationId = (typeof operationTable)[number][0];

/** What a request asks the engine to do. */
export interface Operation {
  readonly id: OperationId;
  /** The parameters in the path, decoded, by the names Docker's API description gives them (`id`, `name`). */
  readonly parameters: Readonly<Record<string, string>>;
  /** What of the engine's this would let a person at that can't be isolated; such an operation is never served. */
  readonly closed: string | undefined;
}

interface Route {
  readonly id: OperationId;
  readonly closed: string | undefined;
  readonly pattern: RegExp;
}

/** `{name}` takes one segment; `{name:.*}` and `{name:.+}` slashes as well, and dockerd's router takes the first route that fits. */
function patternOf(path: string): RegExp {
  const source = path.replaceAll(/\{(\w+)(?::\.([*+]))?\}|\./g, (text, name?: string, many?: string) =>
    // dockerd's own `.` leaves out line feeds: it finds no endpoint for such a name, which is an answer like others.
    name === undefined ? `\\${text}` : `(?<${name}>${many === undefined ? '[^/]+' : `[^]${many}`})`,
  );
  return new RegExp(`^${source}$`, 'u');
}

const firstSegment = /^\/[^/]*/;

/** By method and first segment, so that few are tried. */
const routes = new Map<string, Route[]>();
for (const [id, method, path, closed] of operationTable) {
  const key = `${method} ${firstSegment.exec(path)?.[0] ?? ''}`;
  routes.set(key, [...(routes.get(key) ?? []), { id, closed, pattern: patternOf(path) }]);
}

/**
 * Which endpoint of the engine a request is for, found as dockerd's router finds it. Threat: a rule that has a reading of paths of its own is
 * passed by with an endpoint, or with a spelling, that nobody thought of when the rule was made.
 *
 * @param path decoded, in the plain form, without version.
 *
 * Throws `BH_GATE_UNKNOWN_ENDPOINT` for one that is not in the table, or not with this method.
 */
export function operationOf(method: string, path: string): Operation {
  // OPTIONS has one route, for whatever there may be.
  const segment = method === 'OPTIONS' ? '/{anyroute:.*}' : (firstSegment.exec(path)?.[0] ?? '');
  for (const { id, closed, pattern } of routes.get(`${method} ${segment}`) ?? []) {
    const match = pattern.exec(path);
    if (match !== null) return { id, parameters: match.groups ?? {}, closed };
  }
  throw new BulkheadError('BH_GATE_UNKNOWN_ENDPOINT', { method, path });
}
