import { z } from 'zod';
import type { EgressClient } from '../../common/egress-clients.js';
import { believedImage } from '../../gate/socket-mount/believed-image.js';
import { type EngineClient, readEngine } from '../engine/engine-client.js';
import type { ContainerRecord } from '../socket-mount/container-record.js';
import { hasLocalDigests } from '../socket-mount/image-lookup.js';

export type ContainerFacts = Pick<Extract<EgressClient, { kind: 'container' }>, 'name' | 'image' | 'labels'>;

const names = z.array(z.string()).nullish();
const imageSchema = z.looseObject({ Id: z.string(), RepoTags: names, RepoDigests: names });

/**
 * What rules about containers go by, undefined where there is no such container any more. Threat: a tag that anybody with the engine's socket has given to an
 * image. So its names are those that are believed of it elsewhere.
 */
export async function readContainerFacts(
  id: string,
  client: Pick<EngineClient, 'call'>,
  recordOf: (id: string) => ContainerRecord | undefined,
): Promise<ContainerFacts | undefined> {
  const record = recordOf(id);
  if (record === undefined) return undefined;
  const { name, labels, imageId } = record;
  const said = await readEngine(client, `/images/${encodeURIComponent(imageId)}/json`, imageSchema);
  // Of an image that was taken away under it the id is left.
  if (said === undefined) return { name, labels, image: [imageId] };
  const report = { id: imageId, tags: said.RepoTags ?? [], digests: said.RepoDigests ?? [], layers: [] };
  const believed = believedImage(report, await hasLocalDigests(client));
  return { name, labels, image: [imageId, ...believed.names, ...believed.digests] };
}
