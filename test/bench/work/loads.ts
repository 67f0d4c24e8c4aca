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

const npmCi = { options: ['--env', 'HOME=/root'], command: ['/usr/bin/node', '/bench/npm-ci.mjs'] };

export const npmLoad: Load = {
  name: 'npm ci of a local cache',
  options: npmCi.options,
  command: [...npmCi.command, '/bench'],
};

/** Row F13. @param directory one of the host that is shared with the engine. */
export function sharedNpmLoad(directory: string): Load {
  return {
    name: 'npm ci in a shared directory',
    options: [...npmCi.options, '--volume', `${directory}:/shared`],
    command: [...npmCi.command, '/shared'],
  };
}

/** Each runtime has a volume of its own, so that neither gets a file the other laid out. */
export function sqliteLoad(volume: string): Load {
  return {
    name: 'sqlite on a volume',
    options: ['--volume', `${volume}:/volume`],
    command: ['/usr/bin/node', '/bench/sqlite.mjs'],
  };
}

/** The data path alone (row F13). @param source a volume as for `sqliteLoad`, or a shared directory. @param what it is, in words. */
export function dataLoads(source: string, what: string): Load[] {
  return [
    ['write', `write 64 MiB to ${what}, fsync`],
    ['read', `read 64 MiB from ${what}`],
    ['sync', `100 appends to ${what}, fdatasync each`],
  ].map(([job = '', name = '']) => ({
    name,
    options: ['--volume', `${source}:/volume`],
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
