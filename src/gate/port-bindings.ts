import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { isLoopback } from '../common/loopback.js';
import { type EngineJson, foldKey } from './engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from './fields.js';
import type { BodyContext } from './rewrite-body.js';
import type { GatePolicy } from './policy.js';
import type { RequestBody } from './request-body.js';

/** `portBindingBehavior`: where published ports listen that name no address, and whether they may name another. */
export type PortBinding = 'default-port-binding' | 'default-local-port-binding' | 'local-only-port-binding';

type PortPolicy = Pick<GatePolicy, 'portBinding' | 'loopback' | 'contact'>;

/** Of a bridge: where ports listen whose binding names no address. */
export const bindingOption = 'com.docker.network.bridge.host_binding_ipv4';

/** Options of a bridge by which its containers are reached from outside without a published port (dockerd, "Gateway modes"). */
const openings: readonly (readonly [option: RegExp, harmless: ReadonlySet<string>])[] = [
  [/^com\.docker\.network\.bridge\.gateway_mode_ipv[46]$/, new Set(['nat', 'isolated'])],
  [/^com\.docker\.network\.bridge\.trusted_host_interfaces$/, new Set([''])],
];

/**
 * POST /containers/create: a published port that names no address gets those of the loopback, where the setting says so. Threat: a service
 * that is tried out in a container answers everybody in the network its machine is in.
 *
 * Throws `BH_GATE_BODY`.
 */
export function bindLocally(
  body: RequestBody,
  { policy: { portBinding, loopback } }: Pick<BodyContext, 'policy'>,
): void {
  if (portBinding === 'default-port-binding') return;
  const ports = body.hostConfig('PortBindings');
  if (typeof ports !== 'object' || ports === null) return;
  const bound = Object.entries(ports).map(([port, bindings]: [string, unknown]) => [
    port,
    bindingsOf(bindings).flatMap((binding) => withAddress(binding, loopback)),
  ]);
  body.setHostConfig('PortBindings', Object.fromEntries(bound));
}

/** dockerd takes none for one that leaves everything open (go-connections, SortPortMap). */
function bindingsOf(bindings: unknown): readonly unknown[] {
  return Array.isArray(bindings) && bindings.length > 0 ? bindings : [{}];
}

/** What is no binding is the engine's to refuse; `null` is one that leaves everything open, or an address that is not given (Go's encoding/json). */
function withAddress(given: unknown, loopback: readonly string[]): unknown[] {
  const binding = given ?? {};
  if (typeof binding !== 'object' || binding === null || Array.isArray(binding)) return [binding];
  const fields = Object.entries(binding);
  const address: unknown = fields.find(([key]) => foldKey(key) === 'hostip')?.[1] ?? '';
  if (address !== '') return [binding];
  const others = fields.filter(([key]) => foldKey(key) !== 'hostip');
  return loopback.map((HostIp) => ({ ...Object.fromEntries(others), HostIp }));
}

/** POST /containers/create, as the engine will read it. Throws `BH_GATE_PORT_BINDING`, or `BH_GATE_BODY`. */
export function checkPortBindings(hostConfig: ReadonlyMap<string, EngineJson>, policy: PortPolicy): void {
  if (policy.portBinding !== 'local-only-port-binding') return;
  const ports = objectAt(hostConfig, 'portbindings');
  for (const port of ports.keys())
    for (const binding of arrayAt(ports, port)) {
      const address = textAt(asObject(binding, port), 'hostip');
      if (!isLoopback(address))
        refusePort(`port ${port} on ${address === '' ? 'every address' : address}`, policy);
    }
}

/** POST /networks/create. Throws likewise. */
export function checkNetworkBinding(options: ReadonlyMap<string, EngineJson>, policy: PortPolicy): void {
  if (policy.portBinding !== 'local-only-port-binding') return;
  for (const option of options.keys()) {
    const value = textAt(options, option);
    const harmful =
      option === bindingOption
        ? !isLoopback(value)
        : openings.some(([pattern, harmless]) => pattern.test(option) && !harmless.has(value));
    if (harmful) refusePort(`a network with ${option}=${value}`, policy);
  }
}

/** @param what is asked for. Throws `BH_GATE_PORT_BINDING`. */
export function refusePort(what: string, { contact }: Pick<GatePolicy, 'contact'>): never {
  throw new BulkheadError('BH_GATE_PORT_BINDING', { what, contact });
}
