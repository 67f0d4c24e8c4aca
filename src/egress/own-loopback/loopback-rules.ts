import type { Settings } from '../../policy/index.js';
import { openPlaces } from './open-places.js';
import type { LoopbackPlaces } from './places.js';
import { wholePlaces } from './whole-places.js';

/** What becomes of a connection of the engine's to itself: it goes there, each of its requests is decided, or none is. */
export type LoopbackWay = 'open' | 'read' | 'closed';

export interface LoopbackRule {
  readonly address: string;
  /** `*`: of all ports no other rule is for. */
  readonly port: number | '*';
  readonly way: LoopbackWay;
}

export interface LoopbackRules {
  /** A rule for a port before that for all. */
  readonly places: readonly LoopbackRule[];
  /** Of every other address of the engine's, and every other port. */
  readonly otherwise: LoopbackWay;
}

/** A port nothing is at: what is said of it is said of every port no rule names. */
const unnamedPort = 0;

/**
 * What a policy says of the engine's own addresses. Threat: the engine reaches them without the gateway, and a published port of a container answers there (`FROM localhost:5000/x`). What no rule of registries
 * opens is closed where there are any, and where images are restricted requests are read, but where every one is admitted.
 */
export function loopbackRules({
  registryAccess,
  imageAccess,
}: Pick<NonNullable<Settings['bulkhead']>, 'registryAccess' | 'imageAccess'>): LoopbackRules {
  const open = registryAccess === undefined ? undefined : openPlaces(registryAccess);
  const whole = imageAccess === undefined ? undefined : wholePlaces(imageAccess);
  const wayOf = (address: string, port: number | '*'): LoopbackWay => {
    const admits = (places: LoopbackPlaces | undefined): boolean =>
      places === undefined || places.admits(address, port === '*' ? unnamedPort : port);
    if (!admits(open)) return 'closed';
    return admits(whole) ? 'open' : 'read';
  };
  const places: LoopbackRule[] = [];
  for (const address of new Set([open, whole].flatMap((each) => [...(each?.named.keys() ?? [])]))) {
    const ports = new Set([open, whole].flatMap((each) => [...(each?.named.get(address) ?? [])]));
    const sorted = [...ports].sort((a, b) => Number(a === '*') - Number(b === '*'));
    places.push(...sorted.map((port) => ({ address, port, way: wayOf(address, port) })));
  }
  return { places, otherwise: wayOf('', '*') };
}
