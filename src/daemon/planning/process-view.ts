import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs';

/** One process, never another one that got its pid later. */
export interface ProcessView extends Disposable {
  /** `net:[4026531840]`. Throws when the process has ended. */
  namespace(kind: string): string;
  /** Content of uid_map or gid_map, with the ids as this process sees them (user_namespaces(7)). Throws likewise. */
  idMap(kind: 'uid' | 'gid'): string;
}

/** Throws when there is no such process. */
export type OpenProcess = (pid: string) => ProcessView;

/** An open directory of /proc stays that of one process: once it has ended, everything below gives ESRCH or ENOENT. */
export const openProcess: OpenProcess = (pid) => {
  const directory = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  const at = `/proc/self/fd/${directory}`;
  return {
    namespace: (kind) => readlinkSync(`${at}/ns/${kind}`),
    idMap: (kind) => readFileSync(`${at}/${kind}_map`, 'utf8'),
    [Symbol.dispose]: () => closeSync(directory),
  };
};
