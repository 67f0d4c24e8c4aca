import { dirname } from 'node:path';
import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { instancePaths } from '../../../vm/instance/paths.js';
import { type Check, type Finding, ok, problem, problemOf } from '../check.js';
import type { FileFacts } from '../site.js';

interface Facts {
  readonly uid: number;
  /** Names too long for a socket are told before anything is looked at. */
  readonly refusal: BulkheadError | undefined;
  /** What of the directories and sockets exists, the outermost first. */
  readonly found: readonly { readonly path: string; readonly facts: FileFacts }[];
}

/** The same conditions as `makeInstanceDirectories` and `listenPrivately`, for what is there already. */
export const socketsCheck: Check<Facts> = {
  name: 'sockets',
  async gather({ machine, name }) {
    const { uid } = machine;
    try {
      const { runtimeDir, dockerSocket, controllerSocket } = instancePaths(name);
      const found: { path: string; facts: FileFacts }[] = [];
      for (const path of [dirname(runtimeDir), runtimeDir, dockerSocket, controllerSocket]) {
        const facts = await machine.facts(path);
        if (facts !== undefined) found.push({ path, facts });
      }
      return { uid, refusal: undefined, found };
    } catch (error) {
      if (isBulkheadError(error)) return { uid, refusal: error, found: [] };
      throw error;
    }
  },
  judge({ uid, refusal, found }) {
    if (refusal !== undefined) return [problemOf(refusal)];
    const wrong = found.flatMap(({ path, facts }): Finding[] => {
      const reason = objection(facts, uid);
      return reason === undefined ? [] : [problem(`${path}: ${reason}`, cureOf(path))];
    });
    if (wrong.length > 0) return wrong;
    return [ok(found.length === 0 ? 'none yet; `up` makes them' : 'yours, and closed to others')];
  },
};

function objection({ kind, mode, uid: owner }: FileFacts, uid: number): string | undefined {
  if (kind !== 'directory' && kind !== 'socket') return 'it is neither a directory nor a socket';
  if (uid !== -1 && owner !== uid) return `it belongs to user ${owner}, not to you (${uid})`;
  if ((mode & (kind === 'directory' ? 0o022 : 0o077)) !== 0)
    return `others may ${kind === 'directory' ? 'write to it' : 'use it'} (mode ${mode.toString(8)})`;
  return undefined;
}

const cureOf = (path: string): string =>
  `Stop the instance, remove ${path}, and find out who made it so; or let XDG_RUNTIME_DIR name another directory.`;
