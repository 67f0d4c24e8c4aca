import { cacheRoot } from '../../../image/index.js';
import { neededBytes } from '../../../image/preflight.js';
import { isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { neededFreeMiB } from '../../../vm/instance/data-disk.js';
import { instancePaths } from '../../../vm/instance/paths.js';
import { sizeText } from '../../output/size-text.js';
import { type Check, type Finding, ok, problem, warning } from '../check.js';
import { imageOrError } from './image.js';

const mebibyte = 1024 ** 2;

interface Facts {
  readonly stateDir: string;
  readonly stateFree: number;
  /** Undefined where it has not been made yet. */
  readonly dataDisk: { readonly size: number; readonly taken: number } | undefined;
  /** Undefined where an image is there, which needs no room any more. */
  readonly build: { readonly cacheDir: string; readonly free: number } | undefined;
}

export const diskSpaceCheck: Check<Facts> = {
  name: 'disk space',
  async gather(site) {
    const { machine } = site;
    const { stateDir, dataDisk } = instancePaths(site.name);
    const found = await machine.facts(dataDisk);
    const missing = isBulkheadError(await imageOrError(site));
    const cacheDir = cacheRoot(site.env);
    return {
      stateDir,
      stateFree: await machine.freeBytes(stateDir),
      dataDisk: found === undefined ? undefined : { size: found.size, taken: found.taken },
      build: missing ? { cacheDir, free: await machine.freeBytes(cacheDir) } : undefined,
    };
  },
  judge({ stateDir, stateFree, dataDisk, build }) {
    const findings: Finding[] = [];
    const free = `${sizeText(stateFree)} are free for the data disk (${stateDir})`;
    const growth = dataDisk === undefined ? 0 : Math.max(0, dataDisk.size - dataDisk.taken);
    if (stateFree < neededFreeMiB * mebibyte)
      findings.push(
        problem(
          `${free}; a VM is not started with less than ${neededFreeMiB} MiB`,
          'Free some space, or point XDG_STATE_HOME to a larger disk.',
        ),
      );
    else if (stateFree < growth)
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
