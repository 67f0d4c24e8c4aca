import { abortable } from '../../common/abort.js';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import { checkShareChanged, type ShareChange } from '../../common/share-change.js';
import type { Vm } from '../backend.js';
import type { GuestLink } from '../guest-link.js';
import { shareHeld } from './share-held.js';
import { TimelyLook } from './timely-look.js';
import {
  closeShares,
  openRecorded,
  type PlacedShare,
  type RecordedShare,
  type SharedPlace,
  type ShareRequest,
  type ShareServers,
} from '../sharing/index.js';

/** A directory that containers have now. */
export interface SharedDirectory extends SharedPlace {
  readonly request: ShareRequest;
  readonly recorded: RecordedShare;
  readonly tag: string;
}

export interface SharedNowParts {
  /** Judges this one as at the start, beside what is shared already, and opens it. The handle is the caller's. @throws BH_SHARE_… */
  readonly open: (request: ShareRequest, earlier: readonly SharedPlace[]) => Promise<readonly PlacedShare[]>;
  /** Says what is shared, before it is. */
  readonly record: (shares: readonly RecordedShare[]) => Promise<void>;
  readonly servers: Pick<ShareServers, 'add' | 'remove'>;
  readonly vm: Pick<Vm, 'addShare' | 'removeShare'>;
  readonly link: Pick<GuestLink, 'changeShares'>;
  readonly logger: Logger;
}

/** How long the guest may take to answer, which waits for the device to come, and to let go of one; where a person insists, which is no time to ask for patience. */
export interface GuestDeadlines {
  readonly answerMs: number;
  readonly unplugMs: number;
}
interface Deadlines extends GuestDeadlines {
  /** For this machine's file systems, that a directory can be judged. */
  readonly judgeMs: number;
  readonly byForce: GuestDeadlines;
}
const usualDeadlines: Deadlines = {
  judgeMs: 30_000,
  answerMs: 60_000,
  unplugMs: 40_000,
  byForce: { answerMs: 5000, unplugMs: 10_000 },
};

/**
 * What of this machine containers have while the VM runs. One change after the other; a directory comes whole or not at all: server, device, and its place in the guest,
 * which goes by the same rules as at its boot.
 */
export class SharedNow {
  #shared: readonly SharedDirectory[];
  /** Tags of those the guest's own list does not have. */
  readonly #added = new Set<string>();
  /** Of which nobody was told that they came: for who looks what containers may have, they are there. */
  readonly #stillServed: RecordedShare[] = [];
  readonly #parts: SharedNowParts;
  readonly #deadlines: Deadlines;
  readonly #look: TimelyLook;
  #last: Promise<unknown> = Promise.resolve();

  constructor(shared: readonly SharedDirectory[], parts: SharedNowParts, deadlines = usualDeadlines) {
    this.#shared = shared;
    this.#parts = parts;
    this.#deadlines = deadlines;
    this.#look = new TimelyLook(deadlines.judgeMs);
  }

  get requests(): ShareRequest[] {
    return this.#shared.map(({ request }) => request);
  }

  /** @throws BH_SHARE_… */
  add(request: ShareRequest): Promise<void> {
    return this.#inTurn(() => this.#add(request));
  }

  /**
   * @param path any of its names.
   * @param force whatever the guest says, and whether it says anything.
   * @throws BH_SHARE_UNKNOWN, BH_SHARE_IN_USE, BH_SHARE_HELD; the last two not by force. BH_SHARE_SERVER_LEFT.
   */
  remove(path: string, force = false): Promise<void> {
    return this.#inTurn(() => this.#remove(path, force));
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
    const { servers, vm } = this.#parts;
    await using undo = new AsyncDisposableStack();
    const { opened, recorded } = await this.#judge(request, undo);
    await using _closed = closing(new Set(opened.map(({ handle }) => handle)));
    const [first] = opened;
    if (first === undefined || recorded === undefined) throw new Error('nothing was opened');
    const served = await servers.add(first);
    undo.defer(() => this.#endServer(served.tag, recorded));
    try {
      await vm.addShare(served);
    } catch (error) {
      throw notPlaced(request.path, error);
    }
    undo.defer(() => this.#takeOut(served.tag));
    const added = {
      request,
      paths: opened.map(({ path }) => path),
      tag: served.tag,
      place: first.place,
      recorded,
    };
    // A guest that was too slow to answer may still be at it, and would have its place taken by what is nobody's.
    undo.defer(() => this.#change({ kind: 'remove', paths: [...added.paths] }).catch(() => undefined));
    await this.#change(addition(added));
    undo.move();
    this.#added.add(served.tag);
    this.#shared = [...this.#shared, added];
  }

  /** With what was said of it last. The handles are the caller's to close. */
  async #judge(
    request: ShareRequest,
    undo: AsyncDisposableStack,
  ): Promise<{ readonly opened: readonly PlacedShare[]; readonly recorded: RecordedShare | undefined }> {
    const { open, record } = this.#parts;
    let recording: Promise<void> | undefined;
    undo.defer(async () => {
      await recording?.catch(() => undefined);
      await this.#record();
    });
    return this.#look.at(
      request.path,
      async (over) => {
        let recorded: RecordedShare | undefined;
        const opened = await openRecorded(
          () => open(request, this.#shared),
          async (shares) => {
            // Nobody takes back what is said after this was given up.
            over.throwIfAborted();
            [recorded] = shares;
            await (recording = record([...this.#recorded(), ...shares]));
          },
        );
        return { opened, recorded };
      },
      (late) => closeShares(late.opened),
    );
  }

  /** Threat: the guest's word decides nothing here but whether a person is asked to insist. What is told to be gone has no server any more. */
  async #remove(path: string, force: boolean): Promise<void> {
    const found = this.#shared.find(({ paths }) => paths.includes(path));
    if (found === undefined) throw new BulkheadError('BH_SHARE_UNKNOWN', { path });
    const { answerMs, unplugMs } = force ? this.#deadlines.byForce : this.#deadlines;
    const change: ShareChange = { kind: 'remove', paths: [...found.paths], ...(force ? { force } : {}) };
    await this.#change(change, answerMs).catch((error: unknown) => {
      this.#parts.logger.warn({ err: error, path, force }, 'the guest does not let go of a shared directory');
      if (!force) throw shareHeld(found.request.path, answerMs, error);
    });
    // The guest ends what it has asked the server for before it lets go of the device, so there must be one.
    await this.#takeOut(found.tag, unplugMs);
    await this.#parts.servers.remove(found.tag);
    this.#shared = this.#shared.filter((other) => other !== found);
    this.#added.delete(found.tag);
    await this.#record();
  }

  /** No container reaches it any more; a guest that keeps the device keeps an empty one. */
  async #takeOut(tag: string, unplugMs = this.#deadlines.unplugMs): Promise<void> {
    const unplugged = this.#parts.vm.removeShare(tag);
    await abortable(unplugged, AbortSignal.timeout(unplugMs)).catch((error: unknown) => {
      this.#parts.logger.warn({ err: error, tag }, 'the device of a shared directory is still in the VM');
    });
  }

  async #endServer(tag: string, recorded: RecordedShare): Promise<void> {
    await this.#parts.servers.remove(tag).catch((error: unknown) => {
      this.#stillServed.push(recorded);
      this.#parts.logger.error({ err: error, tag }, 'the server of a shared directory has not ended');
    });
  }

  #record(): Promise<void> {
    return this.#parts.record(this.#recorded());
  }

  #recorded(): RecordedShare[] {
    return [...this.#shared.map(({ recorded }) => recorded), ...this.#stillServed];
  }

  async #change(change: ShareChange, answerMs = this.#deadlines.answerMs): Promise<void> {
    const over = AbortSignal.timeout(answerMs);
    checkShareChanged(await abortable(this.#parts.link.changeShares(change, over), over));
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
