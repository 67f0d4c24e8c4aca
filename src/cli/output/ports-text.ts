import type { PublishedPort } from '../../common/ports.js';
import { placeText } from '../../vm/ports/bind-error.js';

/** More would fill the screen; `bulkhead status --json` has them all. */
const mostShown = 6;

/** Where the host listens for containers, `0.0.0.0:8080/tcp` each; empty where it does not. */
export function portsText(ports: readonly PublishedPort[]): string {
  const shown = ports
    .slice(0, mostShown)
    .map(({ protocol, address, port }) => `${placeText(address, port)}/${protocol}`);
  const more = ports.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
