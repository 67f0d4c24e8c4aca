/**
 * File systems whose mounts can be id-mapped, by their name in mountinfo: those with FS_ALLOW_IDMAP in Linux 6.12
 * (mount_setattr(2); virtiofs only when its server opts in, which the front door finds out). Anything else would show
 * its files as owned by nobody, so it is refused instead.
 */
const mappable = new Set([
  'ext4',
  'ext3',
  'ext2',
  'xfs',
  'tmpfs',
  'btrfs',
  'f2fs',
  'erofs',
  'squashfs',
  'virtiofs',
]);

export function idMappable(filesystem: string): boolean {
  return mappable.has(filesystem);
}
