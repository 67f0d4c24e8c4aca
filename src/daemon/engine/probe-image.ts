import { createReadStream } from 'node:fs';
import type { EngineClient } from './engine-client.js';

/** A small image for the demonstration and for `bulkhead doctor`-like checks, so that neither needs a registry. */
export const probeImage = {
  reference: 'bulkhead/probe:latest',
  archive: '/usr/share/bulkhead/images/probe.tar',
} as const;

/** Loads the probe image unless the engine has it. A person who removed it gets it back at the next boot. */
export async function ensureProbeImage(client: EngineClient, signal?: AbortSignal): Promise<void> {
  if (await client.imageExists(probeImage.reference, signal)) return;
  await client.loadImage(createReadStream(probeImage.archive), signal);
}
