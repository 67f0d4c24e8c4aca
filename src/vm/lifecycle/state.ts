import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Phase } from '../phases.js';

/** Where an instance is in its life. One controller, one state. */
export type VmState =
  | { readonly name: 'stopped' }
  | { readonly name: 'verifying' }
  | { readonly name: 'starting' }
  | { readonly name: 'booting'; readonly phase: Phase | undefined }
  | { readonly name: 'ready' }
  /** `because` is set when the VM is being ended for a failure, which is then the final state. */
  | { readonly name: 'stopping'; readonly because: BulkheadError | undefined }
  | { readonly name: 'failed'; readonly cause: BulkheadError };

export type VmStateName = VmState['name'];

export const stateNames = [
  'stopped',
  'verifying',
  'starting',
  'booting',
  'ready',
  'stopping',
  'failed',
] as const;

export type VmEvent =
  | { readonly type: 'up' }
  | { readonly type: 'image-verified' }
  | { readonly type: 'vm-started' }
  | { readonly type: 'phase'; readonly phase: Phase }
  /** The VM lives but is of no use: a failure the guest reported, or a deadline. The controller then ends it. */
  | { readonly type: 'give-up'; readonly cause: BulkheadError }
  | { readonly type: 'down' }
  /** The VM does not exist (any more). `cause` is undefined when nothing went wrong. */
  | { readonly type: 'gone'; readonly cause: BulkheadError | undefined };

export const initialState: VmState = { name: 'stopped' };

export function isFailed(state: VmState): state is VmState & { readonly name: 'failed' } {
  return state.name === 'failed';
}
