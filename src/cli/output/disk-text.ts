import type { DiskFacts } from '../../vm/index.js';
import { sizeText } from './size-text.js';

/** What the VM says of its file system; null where it does not run or says nothing. */
export type DiskInVm = { readonly usedBytes: number } | null;

/** The data disk of an instance in a few lines. Pure. */
export function diskText(
  name: string,
  { file, disk, hostFreeBytes, unsettled }: DiskFacts,
  running: boolean,
  inVm: DiskInVm,
): string {
  const rows: [string, string][] = [['file', file]];
  if (disk === null) rows.push(['state', 'not there']);
  else {
    const free = hostFreeBytes === null ? '' : `, ${sizeText(hostFreeBytes)} are free there`;
    rows.push(['size', sizeText(disk.sizeBytes)]);
    const used = usedText(disk.fileSystem, running, inVm);
    if (used !== undefined) rows.push(['used', used]);
    if (disk.fileSystem !== null && disk.fileSystem.sizeBytes + growthBytes < disk.sizeBytes)
      rows.push(['grows', `from ${sizeText(disk.fileSystem.sizeBytes)} at the next start of the VM`]);
    rows.push(['takes', `${sizeText(disk.hostBytes)} on this machine${free}`]);
  }
  if (unsettled) rows.push(['move', 'interrupted; the next start, or the next `disk move`, tidies up']);
  return `${name}\n${rows.map(([key, value]) => `  ${key.padEnd(6)} ${value}`).join('\n')}\n`;
}

/** While it runs the VM alone knows: its superblock says how full the disk was when it started. */
function usedText(
  fileSystem: { readonly usedBytes: number } | null,
  running: boolean,
  inVm: DiskInVm,
): string | undefined {
  if (inVm !== null) return `${sizeText(inVm.usedBytes)} in the VM`;
  if (fileSystem === null) return undefined;
  return `${sizeText(fileSystem.usedBytes)} in the VM when it last ${running ? 'started' : 'stopped'}`;
}

/** ext4 leaves a last group of blocks out that is too small for its tables: at most 128 MiB. */
const growthBytes = 128 * 1024 ** 2;
