import { link } from '../common/egress-link.js';

export { link };

/** What no network of a container may have a part of. */
export const linkNetworks = ['203.0.113.248/29', '2001:db8:6272:6567::/64'] as const;

export const nameServer = link.way[0];
