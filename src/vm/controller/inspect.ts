import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { fromWire } from '../../common/errors/wire-error.js';
import type { InstancePaths } from '../instance/paths.js';
import { ControlClient } from './control-client.js';
import { readRecord } from './record.js';
import { runningController } from './running.js';

/** What a command finds when it looks at an instance from outside. */
export type Instance =
  | { readonly kind: 'running'; readonly pid: number; readonly client: ControlClient }
  /** Never started, or stopped in order. */
  | { readonly kind: 'stopped' }
  /** Its VM failed, or its controller was killed; `error` says which. */
  | { readonly kind: 'failed'; readonly error: BulkheadError };

/** Looks at the lock for who runs the instance now, and at the record for how the last controller came to its end. */
export async function inspectInstance(paths: InstancePaths): Promise<Instance> {
  const { name, controllerSocket: socket, controllerLog: log } = paths;
  const pid = await runningController(paths);
  if (pid !== undefined)
    return { kind: 'running', pid, client: new ControlClient({ name, pid, socket, log }) };
  const record = readRecord(paths.record);
  if (record === undefined || record.state === 'stopped') return { kind: 'stopped' };
  if (record.error !== undefined) return { kind: 'failed', error: fromWire(record.error) };
  const reason = `process ${record.pid} is gone; the VM was ${record.state}`;
  return { kind: 'failed', error: new BulkheadError('BH_CONTROLLER_CRASHED', { name, reason, log }) };
}
