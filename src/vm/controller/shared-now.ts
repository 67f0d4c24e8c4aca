import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import { checkShareChanged, type ShareChange } from '../../common/share-change.js';
import type { Vm } from '../backend.js';
import type { GuestLink } from '../guest-link.js';
import type { PlacedShare, SharedPlace, ShareRequest, ShareServers } from '../sharing/index.js';

/** A directory that containers have now. */
export interface SharedDirectory extends SharedPlace {
  readonly request: ShareRequest;
  readonly tag: string;
}

export interface SharedNowParts {
  /** Judges this one as at the start, beside what is shared already, and opens it. The handle is the caller's. @throws BH_SHARE_… */
  readonly open: (request: ShareRequest, earlier: readonly SharedPlace[]) => Promise<readonly PlacedShare[]>;
  /** Says what is shared, before it is looked at. */
  readonly record: (paths: readonly string[]) => Promise<void>;
  readonly servers: Pick<ShareServers, 'add' | 'remove'>;
  readonly vm: Pick<Vm, 'addShare' | 'removeShare'>;
  readonly link: Pick<GuestLink, 'changeShares'>;
  readonly logger: Logger;
}

/** Of the guest, which waits for the device to come. */
const answerMs = 60_000;

/**
 * What of this machine containers have while the VM runs. One change after the other; a directory comes whole or not at all: server, device, and its place in the guest,
 * which goes by the same rules as at its boot.
 */
export class SharedNow {
  #shared: readonly SharedDirectory[];
  /** Tags of those the guest's own list does not have. */
  readonly #added = new Set<string>();
  readonly #parts: SharedNowParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(shared: readonly SharedDirectory[], parts: SharedNowParts) {
    this.#shared = shared;
    this.#parts = parts;
  }

  get requests(): ShareRequest[] {
    return this.#shared.map(({ request }) => request);
  }

  /** @throws BH_SHARE_… */
  add(request: ShareRequest): Promise<void> {
    return this.#inTurn(() => this.#add(request));
  }

  /** @param path any of its names. @throws BH_SHARE_UNKNOWN, BH_SHARE_IN_USE, BH_SHARE_NOT_PLACED */
  remove(path: string): Promise<void> {
    return this.#inTurn(() => this.#remove(path));
  }

  /** bulkheadd may have been started again, and then has its own list alone; what it has already it takes as it is. */
  tellAgain(): Promise<void> {
    return this.#inTurn(async () => {
      for (const one of this.#shared.filter(({ tag }) => this.#added.has(tag)))
        await this.#change(addition(one)).catch((error: unknown) => {
          this.#parts.logger.warn(
            { err: error, path: one.paths[0] },
            'the guest has lost a shared directory',
          );
        });
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #add(request: ShareRequest): Promise<void> {
    const there = this.#shared.find(({ request: { path } }) => path === request.path);
    if (there?.request.readOnly === request.readOnly) return;
    if (there !== undefined)
      throw new BulkheadError('BH_SHARE_NOT_PLACED', {
        path: request.path,
        reason: `it is shared ${there.request.readOnly ? 'read-only' : 'writable'} already`,
      });
    const { open, record, servers, vm } = this.#parts;
    await record([...this.requests, request].map(({ path }) => path));
    await using undo = new AsyncDisposableStack();
    undo.defer(() => this.#record());
    const opened = await open(request, this.#shared);
    await using _closed = closing(new Set(opened.map(({ handle }) => handle)));
    const [first] = opened;
    if (first === undefined) throw new Error('nothing was opened');
    const served = await servers.add(first);
    undo.defer(() => servers.remove(served.tag));
    try {
      await vm.addShare(served);
    } catch (error) {
      throw notPlaced(request.path, error);
    }
    undo.defer(() => this.#takeOut(served.tag));
    const { place } = first;
    const added = { request, paths: opened.map(({ path }) => path), tag: served.tag, place };
    // A guest that was too slow to answer may still be at it, and would have its place taken by what is nobody's.
    undo.defer(() => this.#change({ kind: 'remove', paths: [...added.paths] }).catch(() => undefined));
    await this.#change(addition(added));
    undo.move();
    this.#added.add(served.tag);
    this.#shared = [...this.#shared, added];
  }

  async #remove(path: string): Promise<void> {
    const found = this.#shared.find(({ paths }) => paths.includes(path));
    if (found === undefined) throw new BulkheadError('BH_SHARE_UNKNOWN', { path });
    await this.#change({ kind: 'remove', paths: [...found.paths] });
    this.#shared = this.#shared.filter((other) => other !== found);
    this.#added.delete(found.tag);
    await this.#takeOut(found.tag);
    await this.#parts.servers.remove(found.tag);
    await this.#record();
  }

  /** No container reaches it any more; a guest that keeps the device keeps an empty one. */
  async #takeOut(tag: string): Promise<void> {
    await this.#parts.vm.removeShare(tag).catch((error: unknown) => {
      this.#parts.logger.warn({ err: error, tag }, 'the device of a shared directory is still in the VM');
    });
  }

  #record(): Promise<void> {
    return this.#parts.record(this.requests.map(({ path }) => path));
  }

  async #change(change: ShareChange): Promise<void> {
    checkShareChanged(await this.#parts.link.changeShares(change, AbortSignal.timeout(answerMs)));
  }
}

function addition({ request: { readOnly }, paths, tag }: SharedDirectory): ShareChange {
  return { kind: 'add', device: Number(tag.replace('share', '')), readOnly, paths: [...paths] };
}

function notPlaced(path: string, error: unknown): BulkheadError {
  return new BulkheadError('BH_SHARE_NOT_PLACED', { path, reason: messageOf(error) }, { cause: error });
}

function closing(handles: Iterable<PlacedShare['handle']>): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const handle of handles) await handle.close();
    },
  };
}
