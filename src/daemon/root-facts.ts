import { closeSync, constants, openSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { codeOf } from '../common/cause.js';
import type { RootFacts } from '../common/health.js';

/** What the initramfs calls the root device, and the serial of the disk with its hash tree. */
const deviceName = 'bulkhead-root';
const hashSerial = 'bulkhead-hash';
const witness = '/etc/bulkhead-witness';

/**
 * Measures the root file system rather than repeating what the boot meant to do: a mount table says `ro` of a file system that
 * another mount of it can write, so a file is really created.
 */
export function readRootFacts(): RootFacts {
  return { readonly: isReadonly(), verity: isVerity('/proc/self/mountinfo', '/sys') };
}

function isReadonly(): boolean {
  try {
    closeSync(openSync(witness, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600));
  } catch (error) {
    return codeOf(error) === 'EROFS';
  }
  unlinkSync(witness);
  return false;
}

/**
 * True when the device under `/` (under `/usr`, where directories of the host are shared: `/` is then a small tmpfs with places for them, in which the
 * directories of the root are bound, `vm-image/init/root_places.h`) is the one device-mapper made of a data disk and the disk with the hash tree; a
 * mapping without verification has no hash disk below it. False in native mode, whose root is a loop device.
 */
export function isVerity(mountInfo: string, sys: string): boolean {
  const mounts = readFileSync(mountInfo, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const at = (point: string): string | undefined => mounts.findLast((words) => words[4] === point)?.[2];
  const device = at('/usr') ?? at('/');
  if (device === undefined) return false;
  const directory = `${sys}/dev/block/${device}`;
  return (
    text(`${directory}/dm/name`) === deviceName &&
    entries(`${directory}/slaves`).some((slave) => text(`${sys}/block/${slave}/serial`) === hashSerial)
  );
}

/** Empty when there is no such file. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
