import { afterAll, beforeAll } from 'vitest';
import { type Docker, unique } from './docker.ts';
import { rootImage } from './root-image.ts';

export interface HostileImages {
  /** Names of containers to remove at the end. */
  readonly containers: string[];
  /** An image of the probe's root after a change. */
  readonly image: (change: (root: string) => Promise<void>) => Promise<string>;
  /** The name of a volume that nobody else has. */
  readonly volume: () => string;
  /** What the machine looks like now, and did before the first test. */
  readonly sentinels: () => Promise<unknown>;
  readonly before: () => unknown;
}

/**
 * Images, volumes and containers of the tests of a file or a group, which are gone afterwards.
 *
 * @param sentinels what is outside of containers.
 */
export function hostileImages(
  docker: () => Docker,
  prefix: string,
  sentinels: () => Promise<unknown>,
): HostileImages {
  const containers: string[] = [];
  const volumes: string[] = [];
  const images: string[] = [];
  let before: unknown;
  beforeAll(async () => {
    before = await sentinels();
  });
  afterAll(async () => {
    await docker().run(['rm', '-f', ...containers]);
    await docker().run(['volume', 'rm', '-f', ...volumes]);
    await docker().run(['rmi', '-f', ...images]);
  });
  return {
    containers,
    image: async (change) => {
      const name = await rootImage(docker(), change);
      images.push(name);
      return name;
    },
    volume: () => {
      const name = unique(prefix);
      volumes.push(name);
      return name;
    },
    sentinels,
    before: () => before,
  };
}
