import type { ImageAccess } from '../../policy/index.js';
import { compileWholeRegistries } from '../image-access/whole-registries.js';
import { addTo, type LoopbackPlaces, loopbackOf } from './places.js';

/**
 * Of which registries on the engine's own loopback a rule admits every image, so that nobody has to read what is asked there. Threat: what is refused under one name of a place is
 * asked for under another. So nothing may be refused there by any of its names.
 */
export function wholePlaces(access: ImageAccess): LoopbackPlaces {
  const { said, mirrors, isOpen } = compileWholeRegistries(access);
  if (isOpen) return { named: new Map(), admits: () => true };
  const named = new Map<string, Set<number>>();
  const registries = new Map<string, Set<string>>();
  for (const registry of [...said.keys(), ...mirrors])
    for (const { address, port } of placesOf(registry)) {
      addTo(named, address, port);
      addTo(registries, `${address} ${port}`, registry);
    }
  return {
    named,
    admits(address, port) {
      const names = [...(registries.get(`${address} ${port}`) ?? [])];
      const isPartly = names.some((name) => mirrors.has(name) || said.get(name)?.partly !== undefined);
      return !isPartly && names.some((name) => said.get(name)?.whole !== undefined);
    },
  };
}

/** Which ports the name of a registry leaves out says whoever asks it. */
const unsaidPorts = [80, 443];

/** @param registry as rules have it: `localhost:5000`, `*.localhost:5000`, `[::1]:5000`. */
function placesOf(registry: string): { readonly address: string; readonly port: number }[] {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(registry) ?? [];
  const ports = port === undefined ? unsaidPorts : [Number(port)];
  return loopbackOf(host).flatMap(({ address }) => ports.map((each) => ({ address, port: each })));
}
