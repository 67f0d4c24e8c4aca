import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

let known: readonly string[] | undefined;
let context: SecureContext | undefined;

/** The machine's own store, in which an organization has its authorities; Node's where it has none. */
export function hostAuthorities(): readonly string[] {
  if (known === undefined) {
    const system = getCACertificates('system');
    known = [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
  }
  return known;
}

/** Of clients that know these alone. Made once: to read the store costs more than a connection. */
export function hostContext(): SecureContext {
  context ??= createSecureContext({ ca: [...hostAuthorities()] });
  return context;
}
