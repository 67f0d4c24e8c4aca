import type { VmEvent, VmState } from './state.js';
import { initialState } from './state.js';
import { transition } from './transition.js';

/** Holds the state of one instance and tells whoever watches. */
export class Lifecycle {
  #state: VmState = initialState;
  readonly #listeners = new Set<(state: VmState, event: VmEvent) => void>();

  get state(): VmState {
    return this.#state;
  }

  /** Throws `BH_VM_LIFECYCLE` when the event cannot happen now; the state is then unchanged and nobody is told. */
  dispatch(event: VmEvent): VmState {
    this.#state = transition(this.#state, event);
    for (const listener of this.#listeners) listener(this.#state, event);
    return this.#state;
  }

  /** Calls back after each event, also one that left the state as it was. Returns the way to stop. */
  onEvent(listener: (state: VmState, event: VmEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
