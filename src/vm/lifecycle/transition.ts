import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { VmEvent, VmState } from './state.js';

/**
 * The state after an event. Pure.
 *
 * Throws `BH_VM_LIFECYCLE` for an event that cannot happen in that state: it means that the controller lost track of its
 * VM, and going on with a wrong idea of it is how orphans and double starts come about.
 */
export function transition(state: VmState, event: VmEvent): VmState {
  switch (event.type) {
    case 'up':
      if (state.name === 'stopped' || state.name === 'failed') return { name: 'verifying' };
      break;
    case 'image-verified':
      if (state.name === 'verifying') return { name: 'starting' };
      if (state.name === 'stopping') return state;
      break;
    case 'vm-started':
      if (state.name === 'starting') return { name: 'booting', phase: undefined };
      if (state.name === 'stopping') return state;
      break;
    case 'phase':
      return afterPhase(state, event);
    case 'give-up':
      if (isAlive(state)) return { name: 'stopping', because: event.cause };
      if (state.name === 'stopping') return state;
      break;
    case 'down':
      if (state.name === 'verifying' || isAlive(state)) return { name: 'stopping', because: undefined };
      if (state.name === 'stopping') return state;
      break;
    case 'gone':
      return afterEnd(state, event);
  }
  throw illegal(state, event);
}

function afterPhase(state: VmState, event: VmEvent & { type: 'phase' }): VmState {
  if (state.name === 'stopping') return state;
  if (state.name !== 'booting' && state.name !== 'ready') throw illegal(state, event);
  if (event.phase === 'powering-off') return { name: 'stopping', because: undefined };
  // A restarted bulkheadd passes its phases again; the engine went on serving meanwhile.
  if (state.name === 'ready') return state;
  return event.phase === 'engine-ready' ? { name: 'ready' } : { name: 'booting', phase: event.phase };
}

function afterEnd(state: VmState, event: VmEvent & { type: 'gone' }): VmState {
  if (state.name === 'stopped' || state.name === 'failed') throw illegal(state, event);
  // What made the controller give up names the cause; how the VM then ended is only its consequence.
  const cause = state.name === 'stopping' ? state.because : event.cause;
  return cause === undefined ? { name: 'stopped' } : { name: 'failed', cause };
}

function isAlive(state: VmState): boolean {
  return state.name === 'starting' || state.name === 'booting' || state.name === 'ready';
}

function illegal(state: VmState, event: VmEvent): BulkheadError {
  const detail = event.type === 'phase' ? `phase ${event.phase}` : event.type;
  return new BulkheadError('BH_VM_LIFECYCLE', { state: state.name, event: detail });
}
