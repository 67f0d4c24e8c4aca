import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { checkContainerCreate } from './container-create.js';
import { checkNetworkConnect } from './endpoint-options.js';
import { type EngineJson, parseEngineJson } from './engine-json.js';
import { enginePath } from './engine-path.js';
import { checkExecCreate } from './exec-create.js';
import { checkBuildNetwork, checkContainerName } from './joined-network.js';
import { checkNetworkCreate } from './network-create.js';
import type { GatePolicy } from './policy.js';
import { checkProcessList } from './process-list.js';
import { checkVolumeCreate } from './volume-create.js';

/** One request as the engine understood it: method and raw target; the body only where it is JSON and not too long. */
export interface EngineRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
}

interface BodyRule {
  readonly path: RegExp;
  readonly check: (body: EngineJson, policy: GatePolicy) => void;
}

/** Requests whose body decides. The engine takes any text for a name, slashes included. */
const bodies: readonly BodyRule[] = [
  { path: /^\/containers\/create$/, check: checkContainerCreate },
  { path: /^\/volumes\/create$/, check: checkVolumeCreate },
  { path: /^\/networks\/create$/, check: checkNetworkCreate },
  { path: /^\/networks\/[^]*\/connect$/, check: checkNetworkConnect },
];

/** Those that decide only where the policy refuses `--privileged`. */
const unprivilegedBodies: readonly BodyRule[] = [
  { path: /^\/containers\/[^]*\/exec$/, check: checkExecCreate },
];

/** dockerd's own memory and goroutines (`/debug/pprof`), which it serves whether debugging is on or not. */
const internals = /^\/debug(\/|$)/;

/** Requests whose query decides. */
const queries: readonly { readonly path: RegExp; readonly check: (target: string) => void }[] = [
  { path: /^\/containers\/[^]*\/top$/, check: checkProcessList },
  { path: /^\/containers\/(?:create|[^]*\/rename)$/, check: checkContainerName },
  { path: /^\/build$/, check: checkBuildNetwork },
];

/** What runs, or reaches files, outside the runtime. Reading about it is harmless. */
const closed: readonly { readonly path: RegExp; readonly what: string }[] = [
  { path: /^\/plugins(\/|$)/, what: 'an engine plugin' },
  { path: /^\/(swarm|services|nodes|tasks|secrets|configs)(\/|$)/, what: 'a swarm' },
];

/**
 * Whether the engine may serve a request. The full router (every endpoint known, everything else refused) is the API gate's; this
 * is what must not wait for it: requests by which the engine itself, not a container, would touch the VM.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function decideRequest({ method, target, body }: EngineRequest, policy: GatePolicy): void {
  const path = enginePath(target);
  if (internals.test(path))
    throw new BulkheadError('BH_GATE_ENDPOINT', { path, what: "the engine's memory" });
  queries.find((entry) => entry.path.test(path))?.check(target);
  if (method === 'GET' || method === 'HEAD') return;
  const shut = closed.find((entry) => entry.path.test(path));
  if (shut !== undefined) throw new BulkheadError('BH_GATE_ENDPOINT', { path, what: shut.what });
  const rules = policy.allowPrivileged ? bodies : [...bodies, ...unprivilegedBodies];
  const rule = rules.find((entry) => entry.path.test(path));
  if (rule === undefined) return;
  if (body === undefined || body === '')
    throw new BulkheadError('BH_GATE_BODY', { reason: 'it has no JSON body, or one over 4 MiB' });
  rule.check(parseEngineJson(body), policy);
}
