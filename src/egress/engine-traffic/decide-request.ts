import type { CompiledRules } from '../compiled-rules.js';
import { decideOperation } from '../image-access/decide-operation.js';
import type { KnownContents } from '../image-access/decide-image.js';
import { decideRegistry } from '../registry-access/decide-registry.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import type { Place } from './place.js';

/** Whether a request of the engine's may go to its registry: first the host, then every image it names. */
export function decideRequest(
  { registries, images, contact }: CompiledRules,
  { host, port }: Place,
  operation: RegistryOperation,
  known: KnownContents,
): Verdict {
  const byHost: Verdict =
    registries === undefined
      ? { verdict: 'permit', place: 'no restriction' }
      : decideRegistry(registries, { host, port, operation }, contact);
  if (byHost.verdict === 'refuse' || images === undefined) return byHost;
  return decideOperation(images, { authority: { host, port }, operation, contact, known });
}
