import { join } from 'node:path';
import type { Manifest } from '../image/index.js';
import type { ServedShare, VmSpec } from './backend.js';
import type { DocumentDisk } from './documents/index.js';
import type { InstancePaths } from './instance/paths.js';
import { kernelCommandLine } from './kernel-command-line.js';
import type { GuestNetwork } from './network/index.js';

/** The VM of an instance: its own disk and logs, and the image its verified manifest describes. Pure. */
export function vmSpec(
  paths: InstancePaths,
  options: { readonly image: string; readonly memoryMiB: number; readonly cpus: number },
  manifest: Manifest,
  documents: readonly DocumentDisk[],
  highestSerial: number,
  network: GuestNetwork,
  shares: readonly ServedShare[],
): VmSpec {
  const { kernel, initramfs, root, hash } = manifest.files;
  return {
    name: paths.name,
    kernel: join(options.image, kernel.path),
    initramfs: join(options.image, initramfs.path),
    root: join(options.image, root.path),
    hash: join(options.image, hash.path),
    dataDisk: paths.dataDisk,
    documents,
    shares,
    commandLine: kernelCommandLine(manifest, documents, highestSerial, network),
    network,
    consoleLog: paths.consoleLog,
    memoryMiB: options.memoryMiB,
    cpus: options.cpus,
  };
}
