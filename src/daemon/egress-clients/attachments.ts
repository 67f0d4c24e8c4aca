import { z } from 'zod';
import { isFullId } from '../../common/container-id.js';
import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { type EngineClient, readEngine } from '../engine/engine-client.js';

const listSchema = z.array(z.looseObject({ Id: z.string(), Internal: z.boolean().nullish() }));
const networkSchema = z.looseObject({
  Containers: z
    .record(z.string(), z.looseObject({ IPv4Address: z.string(), IPv6Address: z.string() }))
    .nullish(),
});

/** Who is in the networks from which something may get out, with the addresses there. */
export interface Attachments {
  /** By full id. */
  readonly containers: ReadonlyMap<string, readonly string[]>;
  readonly builds: readonly string[];
}

/** BuildKit's own name for a step; what has neither this form nor that of a container is in no network yet, or is the engine's own. */
const buildStep = /^[0-9a-z]{25}$/;

/**
 * Asks the engine's networks and not its containers: it holds the lock of a container until that has started, and answers nothing about it as long, when it may
 * have connected to somebody already.
 */
export async function readAttachments(client: Pick<EngineClient, 'call'>): Promise<Attachments> {
  const networks = (await readEngine(client, '/networks', listSchema)) ?? [];
  const read = await Promise.all(
    networks
      .filter(({ Internal }) => Internal !== true)
      .map(({ Id }) => readEngine(client, `/networks/${encodeURIComponent(Id)}`, networkSchema)),
  );
  const containers = new Map<string, string[]>();
  const builds: string[] = [];
  for (const network of read)
    for (const [id, { IPv4Address, IPv6Address }] of Object.entries(network?.Containers ?? {})) {
      const addresses = [IPv4Address, IPv6Address].flatMap(plain);
      if (buildStep.test(id)) builds.push(...addresses);
      if (isFullId(id)) containers.set(id, [...(containers.get(id) ?? []), ...addresses]);
    }
  return { containers, builds: builds.sort() };
}

/** Of `172.17.0.2/16`. */
function plain(text: string): string[] {
  const address = parseIpAddress(text.replace(/\/\d+$/, ''));
  return address === undefined ? [] : [ipAddressText(address)];
}
