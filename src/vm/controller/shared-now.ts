import { abortable } from '../../common/abort.js';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import type { Vm } from '../backend.js';
import type { GuestLink } from '../guest-link.js';
import { type GuestShare, GuestShares } from './guest-shares.js';
import { type ShareDeadlines, usualDeadlines } from './share-deadlines.js';
import { shareHeld, silenceOf } from './share-held.js';
import { TimelyLook } from './timely-look.js';
import { patience, Turns } from './turns.js';
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
export interface SharedDirectory extends SharedPlace, GuestShare {
  readonly recorded: RecordedShare;
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

/**
 * What of this machine containers have while the VM runs. One change after the other; a directory comes whole or not at all: server, device, and its place in the guest,
 * which goes by the same rules as at its boot.
 */
export class SharedNow {
  #shared: readonly SharedDirectory[];
  /** Of which nobody was told that they came: for who looks what containers may have, they are there. */
  readonly #stillServed: RecordedShare[] = [];
  readonly #parts: SharedNowParts;
  readonly #deadlines: ShareDeadlines;
  readonly #look: TimelyLook;
  readonly #guest: GuestShares;
  readonly #turns = new Turns();
  /** Waits for its turn. */
  #telling: Promise<void> | undefined;

  constructor(shared: readonly SharedDirectory[], parts: SharedNowParts, deadlines = usualDeadlines) {
    this.#shared = shared;
    this.#parts = parts;
    this.#deadlines = deadlines;
    this.#look = new TimelyLook(deadlines.judgeMs);
    this.#guest = new GuestShares(parts.link, parts.logger);
  }

  get requests(): ShareRequest[] {
    return this.#shared.map(({ request }) => request);
  }

  /** @throws BH_SHARE_… */
  add(request: ShareRequest): Promise<void> {
    return this.#turns.take((hurry) => this.#add(request, hurry));
  }

  /**
   * Threat: by force none of what the guest holds up is waited for, such as changes it does not answer.
   *
   * @param path any of its names.
   * @param force whatever the guest says, and whether it says anything.
   * @throws BH_SHARE_UNKNOWN, BH_SHARE_IN_USE, BH_SHARE_HELD; the last two not by force. BH_SHARE_SERVER_LEFT.
   */
  remove(path: string, force = false): Promise<void> {
    if (force) return this.#turns.takeFirst((hurry) => this.#remove(path, force, hurry));
    return this.#turns.take((hurry) => this.#remove(path, force, hurry));
  }

  /** A session has begun: bulkheadd may have been started again. */
  tellAgain(): Promise<void> {
    this.#guest.startedAgain();
    return this.#tellWhatItLacks();
  }

  /** Threat: a guest begins sessions as often as it likes. One of these that waits is enough for all, and all it tells has one deadline. */
  #tellWhatItLacks(): Promise<void> {
    this.#telling ??= this.#turns.take(async (hurry) => {
      this.#telling = undefined;
      await this.#guest.addLacking(this.#shared, patience(hurry, this.#deadlines.answerMs, 0));
      if (hurry.aborted) void this.#tellWhatItLacks();
    });
    return this.#telling;
  }

  async #add(request: ShareRequest, hurry: AbortSignal): Promise<void> {
    const there = this.#shared.find(({ request: { path } }) => path === request.path);
    if (there?.request.readOnly === request.readOnly) {
      if (this.#guest.mayLack(there)) await this.#place(there, hurry);
      return;
    }
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
    if (hurry.aborted) throw notPlaced(request.path, hurry.reason);
    const served = await servers.add(first);
    undo.defer(() => this.#endServer(served.tag, recorded));
    try {
      await vm.addShare(served);
    } catch (error) {
      throw notPlaced(request.path, error);
    }
    undo.defer(() => this.#takeOut(served.tag, hurry));
    const added = {
      request,
      paths: opened.map(({ path }) => path),
      tag: served.tag,
      place: first.place,
      recorded,
    };
    // A guest that was too slow to answer may still be at it, and would have its place taken by what is nobody's.
    undo.defer(() => this.#takeBack(added, hurry));
    await this.#place(added, hurry);
    undo.move();
    this.#shared = [...this.#shared, added];
  }

  /** @throws BH_SHARE_NOT_PLACED where it gives no answer, and what it says. */
  async #place(share: GuestShare, hurry: AbortSignal): Promise<void> {
    const { answerMs } = this.#deadlines;
    await this.#guest.add(share, patience(hurry, answerMs, 0)).catch((error: unknown) => {
      const silence = silenceOf(answerMs, error);
      throw silence === undefined ? error : notPlaced(share.request.path, error, `the VM ${silence}`);
    });
  }

  async #takeBack(share: GuestShare, hurry: AbortSignal): Promise<void> {
    const { answerMs, byForce } = this.#deadlines;
    await this.#guest
      .remove(share, false, patience(hurry, answerMs, byForce.answerMs))
      .catch(() => undefined);
    this.#guest.forget(share);
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
  async #remove(path: string, force: boolean, hurry: AbortSignal): Promise<void> {
    const found = this.#shared.find(({ paths }) => paths.includes(path));
    if (found === undefined) throw new BulkheadError('BH_SHARE_UNKNOWN', { path });
    const { answerMs, unplugMs } = force ? this.#deadlines.byForce : this.#deadlines;
    await this.#guest.remove(found, force, patience(hurry, answerMs, 0)).catch((error: unknown) => {
      this.#parts.logger.warn({ err: error, path, force }, 'the guest does not let go of a shared directory');
      if (force) return;
      // It may do so late, and is to have what is shared still.
      void this.#tellWhatItLacks();
      throw shareHeld(found.request.path, answerMs, error);
    });
    // The guest ends what it has asked the server for before it lets go of the device, so there must be one.
    await this.#takeOut(found.tag, hurry, unplugMs);
    await this.#parts.servers.remove(found.tag);
    this.#shared = this.#shared.filter((other) => other !== found);
    this.#guest.forget(found);
    await this.#record();
  }

  /** No container reaches it any more; a guest that keeps the device keeps an empty one. */
  async #takeOut(tag: string, hurry: AbortSignal, unplugMs = this.#deadlines.unplugMs): Promise<void> {
    const over = patience(hurry, unplugMs, this.#deadlines.byForce.unplugMs);
    await abortable(this.#parts.vm.removeShare(tag), over).catch((error: unknown) => {
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
}

function notPlaced(path: string, cause: unknown, reason = messageOf(cause)): BulkheadError {
  return new BulkheadError('BH_SHARE_NOT_PLACED', { path, reason }, { cause });
}

function closing(handles: Iterable<PlacedShare['handle']>): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const handle of handles) await handle.close();
    },
  };
}
