import { z } from 'zod';
import { canonicalAddress } from '../../common/ip-address.js';
import { type EngineClient, readEngine } from './engine-client.js';

const listSchema = z.array(z.looseObject({ Id: z.string(), Internal: z.boolean().nullish() }));
const networkSchema = z.looseObject({
  Containers: z
    .record(z.string(), z.looseObject({ IPv4Address: z.string(), IPv6Address: z.string() }))
    .nullish(),
});

/** Who is in a network of the engine's, and where. */
export interface NetworkMember {
  /** A container's full id, or what the engine has in its place. */
  readonly id: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
}

/**
 * The members of the networks from which something may get out. Asks the engine's networks and not its containers: it holds the lock of a container until that has started, and answers nothing
 * about it as long.
 */
export async function readNetworkMembers(client: Pick<EngineClient, 'call'>): Promise<NetworkMember[]> {
  const networks = (await readEngine(client, '/networks', listSchema)) ?? [];
  const read = await Promise.all(
    networks
      .filter(({ Internal }) => Internal !== true)
      .map(({ Id }) => readEngine(client, `/networks/${encodeURIComponent(Id)}`, networkSchema)),
  );
  return read.flatMap((network) =>
    Object.entries(network?.Containers ?? {}).map(([id, { IPv4Address, IPv6Address }]) => ({
      id,
      ipv4: plain(IPv4Address),
      ipv6: plain(IPv6Address),
    })),
  );
}

/** Of `172.17.0.2/16`, in the one form. */
function plain(text: string): string | undefined {
  return canonicalAddress(text.replace(/\/\d+$/, ''));
}
