import { dirname } from 'node:path';
import { stepsTo } from '../../common/directories-to.js';

/**
 * The names that decide where a path leads: each symbolic link on the way, each directory the way does not go on from into what lies below, and last what it leads to. Where a name
 * is not there, who makes it decides, so it is the last.
 *
 * Threat: a file that nobody may change is another one once a link on the way to it leads elsewhere.
 */
export async function namesOnTheWay(place: string): Promise<readonly string[]> {
  const turns = new Set<string>();
  let at = '/';
  let last = '/';
  for await (const { path, facts } of stepsTo(place)) {
    if (dirname(path) !== at) turns.add(at);
    if (facts?.isLink === false) at = path;
    else turns.add(path);
    last = facts === undefined ? path : at;
  }
  turns.delete(last);
  return [...turns, last];
}
