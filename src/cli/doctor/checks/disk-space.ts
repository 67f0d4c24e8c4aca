import { dirname } from 'node:path';
import { cacheRoot } from '../../../image/index.js';
import { neededBytes } from '../../../image/preflight.js';
import { BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { readDiskRecord } from '../../../vm/disk/index.js';
import { neededFreeMiB } from '../../../vm/instance/data-disk.js';
import { instancePaths, type InstancePaths } from '../../../vm/instance/paths.js';
import { sizeText } from '../../output/size-text.js';
import { type Check, type Finding, ok, problem, problemOf, warning } from '../check.js';
import { imageOrError } from './image.js';

const mebibyte = 1024 ** 2;

interface Facts {
  /** Holds the data disk, or will. */
  readonly directory: string;
  readonly free: number;
  /** What `up` would say of where the disk was moved to. */
  readonly failure: BulkheadError | undefined;
  /** Undefined where it has not been made yet. */
  readonly dataDisk: { readonly size: number; readonly taken: number } | undefined;
  /** Undefined where an image is there, which needs no room any more. */
  readonly build: { readonly cacheDir: string; readonly free: number } | undefined;
}

export const diskSpaceCheck: Check<Facts> = {
  name: 'disk space',
  async gather(site) {
    const { machine } = site;
    const paths = instancePaths(site.name);
    const place = placeOf(paths);
    const found = await machine.facts(place.file);
    const away = place.moved && found === undefined;
    const missing = isBulkheadError(await imageOrError(site));
    const cacheDir = cacheRoot(site.env);
    const directory = dirname(place.file);
    return {
      directory,
      free: await machine.freeBytes(directory),
      failure: away ? new BulkheadError('BH_DISK_AWAY', { dataDisk: place.file }) : place.failure,
      dataDisk: found === undefined ? undefined : { size: found.size, taken: found.taken },
      build: missing ? { cacheDir, free: await machine.freeBytes(cacheDir) } : undefined,
    };
  },
  judge({ directory, free: left, failure, dataDisk, build }) {
    const findings: Finding[] = [];
    const free = `${sizeText(left)} are free for the data disk (${directory})`;
    const growth = dataDisk === undefined ? 0 : Math.max(0, dataDisk.size - dataDisk.taken);
    if (failure !== undefined) findings.push(problemOf(failure));
    else if (left < neededFreeMiB * mebibyte)
      findings.push(
        problem(
          `${free}; a VM is not started with less than ${neededFreeMiB} MiB`,
          'Free some space there, or take it to a larger disk: `bulkhead disk move`.',
        ),
      );
    else if (left < growth)
      findings.push(
        warning(
          `${free}, and it may still grow by ${sizeText(growth)}`,
          'When the disk of this machine is full, writing in containers fails: keep an eye on it.',
        ),
      );
    else findings.push(ok(free));
    if (build !== undefined && build.free < neededBytes)
      findings.push(
        problem(
          `${sizeText(build.free)} are free in ${build.cacheDir}; building the image needs ${sizeText(neededBytes)}`,
          'Free some space, or point XDG_CACHE_HOME to a larger disk.',
        ),
      );
    return findings;
  },
};

/** Where the data disk is by its record, or is made where there is none. */
function placeOf({ dataDisk, diskRecord }: InstancePaths): {
  readonly file: string;
  readonly moved: boolean;
  readonly failure?: BulkheadError;
} {
  try {
    const file = readDiskRecord(diskRecord)?.file ?? dataDisk;
    return { file, moved: file !== dataDisk };
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { file: dataDisk, moved: false, failure: error };
  }
}
