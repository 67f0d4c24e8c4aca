import type { OpenedShare } from './open-shares.js';

/**
 * What the VM is told of its shares, as `vm-image/init/share_list.h` reads it: records of `rw` or `ro`, with a `+` for another name of the directory before, and the path,
 * each ended by a null byte. The directory with number n comes by the device `share<n>`. Pure.
 */
export function shareList(shares: readonly OpenedShare[]): Buffer {
  const records = shares.map(({ handle, path, readOnly }, index) => {
    const again = shares[index - 1]?.handle === handle ? '+' : '';
    return `${readOnly ? 'ro' : 'rw'}${again}\0${path}\0`;
  });
  return Buffer.from(records.join(''));
}
