import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemExec } from '../../../dist/common/exec.js';
import { findQemu } from '../../../dist/vm/qemu/discovery.js';
import { addCommand, runMonitorCommand } from '../../../dist/vm/qemu/host-forward.js';
import { QmpClient } from '../../../dist/vm/qemu/qmp-client.js';

const monitorIn = (dir: string): string => join(dir, 'monitor');

/** A program that is QEMU, and of the instance's VM a QEMU with a second monitor: the first is the controller's alone. */
export async function qemuWithSecondMonitor(dir: string, instance: string): Promise<string> {
  const { binary } = await findQemu(systemExec, process.env);
  const path = join(dir, 'qemu');
  const monitor = `-chardev socket,id=bench,path=${monitorIn(dir)},server=on,wait=off -mon chardev=bench,mode=control`;
  const script = `#!/bin/sh
case " $* " in *' -name bulkhead-${instance} '*) exec ${binary} "$@" ${monitor};; esac
exec ${binary} "$@"
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

/**
 * Has QEMU listen at `port` of the host's loopback and lead to the port of the VM that `published` leads to, by a plain `hostfwd` that nobody of ours knows of.
 */
export async function addPlainForward(dir: string, published: number, port: number): Promise<void> {
  const stream = connect(monitorIn(dir));
  await once(stream, 'connect');
  const qmp = new QmpClient(stream);
  try {
    await qmp.connect();
    const listing = await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' });
    const pattern = new RegExp(
      String.raw`TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+${published}\s+\S+\s+(?<guest>\d+)`,
    );
    const guestPort = Number(pattern.exec(String(listing))?.groups?.['guest']);
    await runMonitorCommand(qmp, addCommand({ protocol: 'tcp', address: '127.0.0.1', port, guestPort }));
  } finally {
    stream.destroy();
  }
}
