import { parseHost } from '../../common/authority.js';
import { isOwnPort } from '../../common/own-ports.js';
import type { Settings } from '../../policy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import type { Endpoint } from '../relay-wire.js';

/** As the relay tells of it. */
export interface Ends {
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/**
 * Whether a connection in the engine's name is bulkheadd's own: from a port that nobody else has, and begun as one to where the policy has it send the audit log, or ask for the provider of sign-in. bulkheadd does not
 * believe the authority that dockerd does, so these do not end here. Threat: a registry at the same host and port, which dockerd is told to ask: that is read as any other.
 */
export function isDaemons(settings: Pick<Settings, 'bulkhead'>): (first: FirstBytes, ends: Ends) => boolean {
  const { audit, signIn } = settings.bulkhead ?? {};
  const named = new Set(
    [audit?.openTelemetry?.endpoint, signIn?.issuer].flatMap((text) =>
      text === undefined ? [] : placeOf(text),
    ),
  );
  return (first, { from, to }) => {
    if (!isOwnPort(from.port)) return false;
    const host = hostIn(first, to);
    return host !== undefined && named.has(`${first.kind} ${host} ${to.port}`);
  };
}

/** Of TLS without a name it is the address, for which none is said. */
function hostIn(first: FirstBytes, { address }: Endpoint): string | undefined {
  if (first.kind === 'tls') return first.encrypted ? undefined : (first.serverName ?? address);
  return first.kind === 'http' && first.form === 'origin' ? first.authority?.host : undefined;
}

function placeOf(text: string): string[] {
  const { protocol, hostname, port } = new URL(text);
  const host = parseHost(hostname);
  if (host === undefined) return [];
  const scheme = protocol === 'https:' ? 'tls' : 'http';
  return [`${scheme} ${host.text} ${port === '' ? (scheme === 'tls' ? 443 : 80) : port}`];
}
