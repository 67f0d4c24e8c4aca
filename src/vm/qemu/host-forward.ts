import type { HostForward } from '../backend.js';
import type { QmpClient } from './qmp-client.js';

/** The one network device of a VM (`arguments.ts`). */
const device = 'net0';

/** Commands of QEMU's human monitor, for which QMP has no others (10.0). Without a guest address it is that of the VM, the first `dhcpstart` names. */
export function addCommand({ protocol, address, port, guestPort }: HostForward): string {
  return `hostfwd_add ${device} ${protocol}:${address}:${port}-:${guestPort}`;
}

export function removeCommand({ protocol, address, port }: Omit<HostForward, 'guestPort'>): string {
  return `hostfwd_remove ${device} ${protocol}:${address}:${port}`;
}

/** What it says where all is well: `hostfwd_add` nothing, `hostfwd_remove` that it is removed. */
const done = /^(?:host forwarding rule for \S+ removed)?\s*$/;

/** Rejects with what the monitor says, which has no other way to refuse. */
export async function runMonitorCommand(qmp: Pick<QmpClient, 'execute'>, command: string): Promise<void> {
  const said = await qmp.execute('human-monitor-command', { 'command-line': command });
  if (typeof said !== 'string' || !done.test(said)) throw new Error(`QEMU: ${String(said).trim()}`);
}
