import { abortable } from '../../common/abort.js';
import { checkShareChanged, type ShareChange } from '../../common/share-change.js';
import type { Logger } from '../../common/log.js';
import type { GuestLink } from '../guest-link.js';
import type { ShareRequest } from '../sharing/index.js';

/** A shared directory as the guest knows it. */
export interface GuestShare {
  readonly request: ShareRequest;
  readonly paths: readonly string[];
  readonly tag: string;
}

/** What the guest has been told of shared directories, and which of them it may have lost. */
export class GuestShares {
  readonly #link: Pick<GuestLink, 'changeShares'>;
  readonly #logger: Logger;
  /** Tags of those that bulkheadd's own list does not have, or that it may have forgotten. */
  readonly #told = new Set<string>();
  /** Those of them that it may not have now. */
  readonly #unsure = new Set<string>();

  constructor(link: Pick<GuestLink, 'changeShares'>, logger: Logger) {
    this.#link = link;
    this.#logger = logger;
  }

  /** What it has already it takes as it is. @throws what it answers, the signal's reason, and what the link throws. */
  async add({ request: { readOnly }, paths, tag }: GuestShare, over: AbortSignal): Promise<void> {
    this.#told.add(tag);
    // Before it is asked: a session may begin meanwhile.
    this.#unsure.delete(tag);
    try {
      const device = Number(tag.replace('share', ''));
      checkShareChanged(await this.#ask({ kind: 'add', device, readOnly, paths: [...paths] }, over));
    } catch (error) {
      this.#unsure.add(tag);
      throw error;
    }
  }

  /** Those of them that it may not have now. */
  async addLacking(shares: readonly GuestShare[], over: AbortSignal): Promise<void> {
    for (const share of shares.filter((one) => this.mayLack(one)))
      await this.add(share, over).catch((error: unknown) => {
        this.#logger.warn({ err: error, path: share.paths[0] }, 'the guest has lost a shared directory');
      });
  }

  /** One that gave no answer may still do it. @throws as `add`. */
  async remove({ paths, tag }: GuestShare, force: boolean, over: AbortSignal): Promise<void> {
    const change: ShareChange = { kind: 'remove', paths: [...paths], ...(force ? { force } : {}) };
    const answer = await this.#ask(change, over).catch((error: unknown) => {
      this.#told.add(tag);
      this.#unsure.add(tag);
      throw error;
    });
    checkShareChanged(answer);
  }

  /** It is shared no more. */
  forget({ tag }: GuestShare): void {
    this.#told.delete(tag);
    this.#unsure.delete(tag);
  }

  /** bulkheadd may have been started again, and then has its own list alone. */
  startedAgain(): void {
    for (const tag of this.#told) this.#unsure.add(tag);
  }

  mayLack({ tag }: GuestShare): boolean {
    return this.#unsure.has(tag);
  }

  async #ask(change: ShareChange, over: AbortSignal): Promise<unknown> {
    over.throwIfAborted();
    return abortable(this.#link.changeShares(change, over), over);
  }
}
