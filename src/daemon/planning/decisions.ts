import { explain, type Explanation } from '../../isolation/explain.js';
import { refuseUnparsed } from '../../isolation/known-fields.js';
import type { Refusal } from '../../isolation/plan.js';
import type { IsolationRequest } from '../../isolation/request.js';
import { parseRuntimeSpec } from '../../oci/runtime-spec.js';

/** A question the rules were asked about a container; its specification as text, which takes a tenth of the memory. */
export type Judged = Omit<IsolationRequest, 'spec'> & { readonly config: string };

/** What is kept of a container: the whole question, or the refusal of a specification that could not be read. */
type Kept = Judged | { readonly refusal: Refusal };

/** Decisions kept about containers that hold no ids: refused ones, and those just ended. */
const keptBeyondLive = 32;

/**
 * What the rules were asked about each container, so that `bulkhead explain` can ask again. In memory alone: nothing
 * depends on it, and a file for each container would cost every start.
 */
export class Decisions {
  readonly #kept = new Map<string, Kept>();
  readonly #onlyExplained = new Set<string>();
  readonly #live: () => ReadonlySet<string>;

  /** @param live the containers that hold ids. */
  constructor(live: () => ReadonlySet<string>) {
    this.#live = live;
  }

  /**
   * Called for every container the front door asks about, before it is answered.
   *
   * @returns whether the container was only made to be explained, and must be refused.
   */
  note(containerId: string, kept: Kept): boolean {
    this.#kept.delete(containerId);
    this.#kept.set(containerId, kept);
    if (this.#kept.size > keptBeyondLive) this.#forget();
    return this.#onlyExplained.has(containerId);
  }

  /** From now on the container is refused whatever the rules say. Ends when `release` is called. */
  onlyExplain(containerId: string): { readonly release: () => void } {
    this.#onlyExplained.add(containerId);
    return {
      release: () => {
        this.#onlyExplained.delete(containerId);
        this.#kept.delete(containerId);
      },
    };
  }

  explain(containerId: string): Explanation | undefined {
    const kept = this.#kept.get(containerId);
    if (kept === undefined) return undefined;
    if ('refusal' in kept) return { refusals: [kept.refusal], changes: [] };
    const { config, ...request } = kept;
    const parsed = parseRuntimeSpec(config);
    if (!parsed.ok) return { refusals: [refuseUnparsed(parsed, request.policy)], changes: [] };
    return explain({ ...request, spec: parsed.spec });
  }

  #forget(): void {
    const live = this.#live();
    const others = [...this.#kept.keys()].filter((id) => !live.has(id));
    for (const id of others.slice(0, -keptBeyondLive)) this.#kept.delete(id);
  }
}
