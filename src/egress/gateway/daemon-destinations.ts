import { parseHost } from '../../common/authority.js';
import type { Settings } from '../../policy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import type { Endpoint } from '../relay-wire.js';

/**
 * Whether a connection of the engine's begins as one of bulkheadd's own does: to where the policy has it send the audit log, or ask for the provider of sign-in. bulkheadd does not
 * believe the authority that dockerd does, so these do not end here. Threat: whoever has dockerd ask there is not read either; it is what the organization itself named.
 */
export function isDaemons(
  settings: Pick<Settings, 'bulkhead'>,
): (first: FirstBytes, to: Endpoint) => boolean {
  const { audit, signIn } = settings.bulkhead ?? {};
  const named = new Set(
    [audit?.openTelemetry?.endpoint, signIn?.issuer].flatMap((text) =>
      text === undefined ? [] : placeOf(text),
    ),
  );
  return (first, to) => {
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
