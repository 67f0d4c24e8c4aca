import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemExec } from '../../../dist/common/exec.js';
import { systemClock } from '../../../dist/common/system-clock.js';
import { loadManifest } from '../../../dist/image/index.js';
import { writeCpio } from '../../../dist/image/cpio.js';
import type { Vm } from '../../../dist/vm/backend.js';
import { ensureDataDisk } from '../../../dist/vm/instance/data-disk.js';
import { kernelCommandLine } from '../../../dist/vm/kernel-command-line.js';
import { guestNetwork } from '../../../dist/vm/network/index.js';
import { QemuBackend } from '../../../dist/vm/qemu/qemu-backend.js';
import { portPrograms } from '../../support/port-image.ts';

/** A VM that is its kernel and `port-echo`, with the QEMU and the card of ours. */
export async function startPlainGuest(dir: string, image: string, memoryMiB: number): Promise<Vm> {
  const manifest = await loadManifest(image);
  const network = guestNetwork('192.168.65.0/24');
  const { signal } = new AbortController();
  const backend = new QemuBackend({
    exec: systemExec,
    clock: systemClock,
    env: process.env,
    platform: process.platform,
    cacheDir: join(dir, 'cache'),
    logger: { warn: () => undefined },
  });
  const program = async (name: string, path: string) =>
    ({ path, type: 'file', mode: 0o755, data: await readFile(join(portPrograms, name)) }) as const;
  // The kernel unpacks one archive after the other: what comes later is in the place of what was there.
  const initramfs = Buffer.concat([
    await readFile(join(image, manifest.files.initramfs.path)),
    writeCpio([await program('plain-guest', 'init'), await program('port-echo', 'port-echo')]),
  ]);
  await writeFile(join(dir, 'initramfs'), initramfs);
  const spec = {
    name: 'plain',
    kernel: join(image, manifest.files.kernel.path),
    initramfs: join(dir, 'initramfs'),
    root: join(image, manifest.files.root.path),
    hash: join(image, manifest.files.hash.path),
    dataDisk: join(dir, 'plain.raw'),
    documents: [],
    shares: [],
    commandLine: `${kernelCommandLine(manifest, [], 0, network)} ADDRESS=${network.address.replace(/\/.*/, '')}`,
    network,
    consoleLog: join(dir, 'plain.log'),
    memoryMiB,
    cpus: 2,
  };
  await ensureDataDisk(spec, 64);
  return await backend.start(spec, await backend.probe(signal), signal);
}
