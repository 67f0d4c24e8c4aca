import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import { toWire } from '../common/errors/wire-error.js';
import { type ShareChange, type ShareChanged, shareChangeSchema } from '../common/share-change.js';
import type { Place } from '../isolation/request.js';
import type { Settings } from '../policy/index.js';
import { checkSharesAllowed } from './allowed-shares.js';
import { mountedAmong, readSharedRoots } from './engine/engine-facts.js';
import { mountViews, userOfShares } from './share-users.js';

const program = '/usr/lib/bulkhead/share-place';
const placingMs = 30_000;
const run = promisify(execFile);

/** What a change does to the machine. */
export interface SharePlaces {
  /** Runs share-place. Rejects with its words. */
  run(args: readonly string[]): Promise<void>;
  /** Those at which something is mounted. */
  mounted(paths: readonly string[]): string[];
  /** Where these lie, each of which must be a mount of its own. */
  rootsOf(paths: readonly string[]): Place[];
  /** Who uses what lies there; undefined for nobody. */
  userOf(roots: readonly Place[]): string | undefined;
}

/**
 * The directories of the host that containers may bind, as they come and go while the VM runs. Gate and rules look at the same two lists, so nothing is allowed before it
 * is mounted and judged, and nothing any more from the moment it is to be taken away.
 */
export class LiveShares {
  readonly directories: string[];
  readonly roots: Place[];
  readonly #settings: Settings;
  readonly #places: SharePlaces;
  #last: Promise<unknown> = Promise.resolve();

  constructor(roots: readonly Place[], settings: Settings, places: SharePlaces = thisVm) {
    this.roots = [...roots];
    this.directories = roots.map(({ path }) => path);
    this.#settings = settings;
    this.#places = places;
  }

  /** `POST /shares` of the control channel: one change after the other, each whole or not at all. A refusal is an answer. */
  async change(question: unknown): Promise<ShareChanged> {
    const change = shareChangeSchema.parse(question);
    const done = this.#last.then(() => (change.kind === 'add' ? this.#add(change) : this.#remove(change)));
    this.#last = done.catch(() => undefined);
    try {
      await done;
      return { kind: 'done' };
    } catch (error) {
      if (isBulkheadError(error)) return { kind: 'error', ...toWire(error) };
      throw error;
    }
  }

  async #add({ device, readOnly, paths }: ShareChange & { kind: 'add' }): Promise<void> {
    const [path = ''] = paths;
    const mode = readOnly ? 'ro' : 'rw';
    const added = paths.filter((name) => !this.directories.includes(name));
    const before = this.#places.mounted(added);
    try {
      await this.#places.run(['add', String(device), mode, ...paths]);
      const roots = this.#places.rootsOf(added);
      // The policy's word on it once more, where the host could have been told something else.
      checkSharesAllowed(
        paths.map((name) => ({ path: name, readOnly })),
        this.#settings,
      );
      this.roots.push(...roots);
      this.directories.push(...added);
    } catch (error) {
      // What was there before stays, whatever is asked for beside it: of an earlier bulkheadd a container may have it.
      await this.#unmount(added.filter((name) => !before.includes(name))).catch(() => undefined);
      throw isBulkheadError(error) ? error : notPlaced(path, error);
    }
  }

  async #remove({ paths, force }: ShareChange & { kind: 'remove' }): Promise<void> {
    const [path = ''] = paths;
    const kept = this.#without(paths);
    try {
      if (force === true) {
        // A directory that answers nothing must not stay where a bulkheadd that is started again, or the next one of this name, would find it.
        await this.#unmount(paths, 'detach');
        return;
      }
      // An earlier bulkheadd has mounted it, and this one has not been told of it yet.
      const unlisted = paths.filter((name) => !kept.some((root) => root.path === name));
      const user = this.#places.userOf([...kept, ...this.#places.rootsOf(this.#places.mounted(unlisted))]);
      if (user !== undefined) throw new BulkheadError('BH_SHARE_IN_USE', { path, user });
      await this.#unmount(paths);
    } catch (error) {
      this.roots.push(...kept);
      this.directories.push(...kept.map((root) => root.path));
      throw isBulkheadError(error) ? error : notPlaced(path, error);
    }
  }

  /** From here on nobody is given a plan for it. */
  #without(paths: readonly string[]): Place[] {
    const taken: Place[] = [];
    for (const path of paths) {
      const [root] = this.roots.splice(placeIn(this.roots, path), 1);
      const at = this.directories.indexOf(path);
      if (at >= 0) this.directories.splice(at, 1);
      if (root !== undefined) taken.push(root);
    }
    return taken;
  }

  /** Another name of a directory first: it is a mount of the other. */
  async #unmount(paths: readonly string[], how: 'remove' | 'detach' = 'remove'): Promise<void> {
    for (const path of paths.toReversed()) await this.#places.run([how, path]);
  }
}

/** Past the end where it is none of them. */
function placeIn(roots: readonly Place[], path: string): number {
  const at = roots.findIndex((root) => root.path === path);
  return at < 0 ? roots.length : at;
}

function notPlaced(path: string, error: unknown): BulkheadError {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const reason = said || (error instanceof Error ? error.message : String(error));
  return new BulkheadError('BH_SHARE_NOT_PLACED', { path, reason }, { cause: error });
}

const thisVm: SharePlaces = {
  run: async (args) => {
    await run(program, [...args], { signal: AbortSignal.timeout(placingMs), killSignal: 'SIGKILL' });
  },
  mounted: mountedAmong,
  rootsOf: (paths) => readSharedRoots(paths.map((path) => ({ path }))),
  userOf: (roots) => userOfShares(roots, mountViews()),
};
