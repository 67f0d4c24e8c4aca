import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { socketOf } from '../support/docker.ts';
import { splitProcessStat } from '../../src/common/process-stat.ts';

/**
 * Path of the root the engine under test sees, through /proc of the host: what is looked at there was not told by the
 * engine, so an attack cannot make it look right. Throws when no engine of that socket runs.
 *
 * @param dockerHost `unix://…/docker.sock` of an engine in native mode.
 */
export function engineRoot(dockerHost: string): string {
  const hostDir = dirname(socketOf(dockerHost));
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const entry = pids.find((pid) => {
    const words = read(`/proc/${pid}/cmdline`).split('\0');
    return words[0]?.endsWith('/enter') === true && words.includes(hostDir);
  });
  const init = pids.find((pid) => splitProcessStat(read(`/proc/${pid}/stat`)).parent === entry);
  if (entry === undefined || init === undefined) throw new Error(`no engine runs for ${dockerHost}`);
  return `/proc/${init}/root`;
}

/** Empty for a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
