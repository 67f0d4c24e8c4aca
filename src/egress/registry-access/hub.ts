import { hub, hubHosts } from '../../common/registry-name.js';

type Role = 'registry' | 'token' | 'blobs';

/** Where the Hub answers, gives out tokens and keeps layers: what Docker names for firewalls (docs.docker.com, "Allowlist for Docker Desktop"). */
const others: readonly (readonly [host: string, role: Role])[] = [
  ['auth.docker.io', 'token'],
  ['production.cloudflare.docker.com', 'blobs'],
  ['production.cloudfront.docker.com', 'blobs'],
  ['docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com', 'blobs'],
];

/** Every host a rule for `docker.io` is for; that one too. */
export const hostsOfHub: readonly (readonly [host: string, role: Role])[] = [
  ...hubHosts.map((host) => [host, 'registry'] as const),
  ...others,
];

const allOfHub: ReadonlySet<string> = new Set(hostsOfHub.map(([host]) => host));

/** Whether a host is the Hub's, whatever it is asked as. */
export const isHostOfHub = (host: string): boolean => allOfHub.has(host);

export const isHub = (host: string): boolean => hubHosts.includes(host);

/** Whose tokens a server gives out; the server's own where it is not known to be another's. */
export function registryOfTokens(host: string): string {
  return others.some(([other, role]) => other === host && role === 'token') ? hub : host;
}
