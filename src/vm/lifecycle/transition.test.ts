import { expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { initialState, stateNames, type VmEvent, type VmState, type VmStateName } from './state.js';
import { transition } from './transition.js';

const cause = new BulkheadError('BH_QEMU_MISSING', { binary: 'x' });
const other = new BulkheadError('BH_VM_GUEST_RESET');

const states: Record<VmStateName, VmState> = {
  stopped: { name: 'stopped' },
  verifying: { name: 'verifying' },
  starting: { name: 'starting' },
  booting: { name: 'booting', phase: 'init' },
  ready: { name: 'ready' },
  stopping: { name: 'stopping', because: undefined },
  failed: { name: 'failed', cause },
};

const events: Record<string, VmEvent> = {
  up: { type: 'up' },
  'image-verified': { type: 'image-verified' },
  'vm-started': { type: 'vm-started' },
  'phase daemon': { type: 'phase', phase: 'daemon' },
  'phase engine-ready': { type: 'phase', phase: 'engine-ready' },
  'phase powering-off': { type: 'phase', phase: 'powering-off' },
  'give-up': { type: 'give-up', cause },
  down: { type: 'down' },
  'gone well': { type: 'gone', cause: undefined },
  'gone badly': { type: 'gone', cause },
};

/** Every state × event that is legal, and the state it leads to. All others must throw. */
const legal: Record<VmStateName, Record<string, VmStateName>> = {
  stopped: { up: 'verifying' },
  verifying: {
    'image-verified': 'starting',
    down: 'stopping',
    'gone well': 'stopped',
    'gone badly': 'failed',
  },
  starting: {
    'vm-started': 'booting',
    'give-up': 'stopping',
    down: 'stopping',
    'gone well': 'stopped',
    'gone badly': 'failed',
  },
  booting: {
    'phase daemon': 'booting',
    'phase engine-ready': 'ready',
    'phase powering-off': 'stopping',
    'give-up': 'stopping',
    down: 'stopping',
    'gone well': 'stopped',
    'gone badly': 'failed',
  },
  ready: {
    'phase daemon': 'ready',
    'phase engine-ready': 'ready',
    'phase powering-off': 'stopping',
    'give-up': 'stopping',
    down: 'stopping',
    'gone well': 'stopped',
    'gone badly': 'failed',
  },
  stopping: {
    'image-verified': 'stopping',
    'vm-started': 'stopping',
    'phase daemon': 'stopping',
    'phase engine-ready': 'stopping',
    'phase powering-off': 'stopping',
    'give-up': 'stopping',
    down: 'stopping',
    'gone well': 'stopped',
    'gone badly': 'stopped',
  },
  failed: { up: 'verifying' },
};

const table = stateNames.flatMap((state) =>
  Object.entries(events).map(([name, event]) => ({ state, name, event, next: legal[state][name] })),
);

test.each(table.filter(({ next }) => next !== undefined))(
  '$state, $name → $next',
  ({ state, event, next }) => {
    expect(transition(states[state], event).name).toBe(next);
  },
);

test.each(table.filter(({ next }) => next === undefined))('$state, $name is refused', ({ state, event }) => {
  expect(() => transition(states[state], event)).toThrow(
    expect.objectContaining({ code: 'BH_VM_LIFECYCLE' }),
  );
});

test('a boot remembers the last phase it passed', () => {
  const boot: VmEvent[] = [
    { type: 'up' },
    { type: 'image-verified' },
    { type: 'vm-started' },
    { type: 'phase', phase: 'kernel' },
    { type: 'phase', phase: 'root-verified' },
  ];
  expect(boot.reduce(transition, initialState)).toEqual({ name: 'booting', phase: 'root-verified' });
});

test('the reason to give up outlives the way the VM then ended', () => {
  const stopping = transition(states.booting, { type: 'give-up', cause });
  expect(transition(stopping, { type: 'gone', cause: other })).toEqual({ name: 'failed', cause });
});

test('a VM that ends by itself fails with its own cause', () => {
  expect(transition(states.ready, { type: 'gone', cause: other })).toEqual({ name: 'failed', cause: other });
});
