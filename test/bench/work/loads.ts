import type { Docker } from '../../support/docker.ts';
import { workImage } from './image.ts';

/** Work that times itself inside a container of the work image. */
export interface Load {
  readonly name: string;
  /** Options of `docker run`. */
  readonly options: readonly string[];
  readonly command: readonly string[];
}

export const fileLoad: Load = {
  name: 'create, stat, unlink 100 files on the root',
  options: [],
  command: ['/bench/files'],
};

export const mountLoad: Load = {
  name: '1,000 mount and umount (--privileged)',
  options: ['--privileged'],
  command: ['/bench/mounts'],
};

export const npmLoad: Load = {
  name: 'npm ci of a local cache',
  options: ['--env', 'HOME=/root'],
  command: ['/usr/bin/node', '/bench/npm-ci.mjs'],
};

/** Each runtime has a volume of its own, so that neither gets a file the other laid out. */
export function sqliteLoad(volume: string): Load {
  return {
    name: 'sqlite on a volume',
    options: ['--volume', `${volume}:/volume`],
    command: ['/usr/bin/node', '/bench/sqlite.mjs'],
  };
}

/** The data path alone (row F13). @param volume as for `sqliteLoad`. */
export function dataLoads(volume: string): Load[] {
  return [
    ['write', 'write 64 MiB to a volume, fsync'],
    ['read', 'read 64 MiB from a volume'],
    ['sync', '100 appends to a volume, fdatasync each'],
  ].map(([job = '', name = '']) => ({
    name,
    options: ['--volume', `${volume}:/volume`],
    command: ['/bench/data', job, '/volume/data'],
  }));
}

/** Milliseconds as the program in the container measured them: neither its start nor that of the container counts. */
export async function timeInside(docker: Docker, runtime: string, load: Load): Promise<number> {
  const options = ['--rm', '--network', 'none', '--runtime', runtime, ...load.options];
  const output = await docker.ok(['run', ...options, workImage, ...load.command]);
  const elapsed = Number(output);
  if (!(elapsed > 0)) throw new Error(`${load.name} under ${runtime} printed: ${output}`);
  return elapsed;
}
