import type { Connection, ConnectPolicy } from './connection.js';
import { ofPartlyAdmitted, type Refused, registry } from './refusals.js';
import type { Who } from './who.js';

/** Why a destination is refused, if it is a registry. */
export interface RegistryBarrier {
  readonly refused: Refused;
  /** It is one: nobody has to be asked. */
  readonly isKnown: boolean;
}

/** Whether it counts which registries somebody reaches. Of the engine's requests each is decided by itself, by its image too. */
export function registriesCount({ registries, images }: ConnectPolicy, who: Who): boolean {
  return registries !== undefined || (images !== undefined && who.kind !== 'engine');
}

/** The engine goes to the registries that are listed, whatever else it may not: the rules about them say the rest. */
export function isListedFor(
  { registries }: ConnectPolicy,
  who: Who,
  name: string | undefined,
  port: number | undefined,
): boolean {
  return who.kind === 'engine' && name !== undefined && registries?.lists(name, port) === true;
}

/** What stands against a registry at a host: by the rules of registries and of images, which both have to leave it open. Undefined: nothing. */
export function registryBarrier(
  policy: ConnectPolicy,
  facts: Pick<Connection, 'who' | 'address' | 'port'>,
  host: string,
): RegistryBarrier | undefined {
  const { registries } = policy;
  const { who, port } = facts;
  const images = who.kind === 'engine' ? undefined : policy.images?.of(host, port);
  const isKnown = images?.isKnown === true;
  if (registries !== undefined && !registries.lists(host, port))
    return { refused: registry(policy, facts, host), isKnown };
  if (images === undefined || images.admitted) return undefined;
  return { refused: ofPartlyAdmitted(policy, facts, host, images.place), isKnown };
}
