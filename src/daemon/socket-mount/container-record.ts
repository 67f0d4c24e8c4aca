import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isFullId } from '../../common/container-id.js';

/** What dockerd wrote down of a container when it was made. */
export interface ContainerRecord {
  readonly imageId: string;
  /** The image as it was asked for. */
  readonly image: string;
  /** As `docker ps` shows it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const schema = z.looseObject({
  Image: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  Name: z.string().default(''),
  Config: z.looseObject({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
});

/**
 * Which image a container is of, from dockerd's own file, as dockerd holds its lock of a container while it starts it and answers nothing about it. It
 * writes the file before the first start, and nobody else can.
 *
 * @returns undefined where there is no such container, or no such file.
 */
export function readContainerRecord(dataRoot: string, containerId: string): ContainerRecord | undefined {
  if (!isFullId(containerId)) return undefined;
  try {
    const text = readFileSync(join(dataRoot, 'containers', containerId, 'config.v2.json'), 'utf8');
    const { Image, Name, Config } = schema.parse(JSON.parse(text));
    return {
      imageId: Image,
      image: Config.Image,
      name: Name.replace(/^\//, ''),
      labels: Config.Labels ?? {},
    };
  } catch {
    return undefined;
  }
}
