import type { Attempt } from '../support/attempts.ts';

const denied = /Permission denied|Read-only file system|nonexistent|No such file/;

/** Rows B01 to B04: each is refused by the kernel, or finds nothing to work on. */
export const refusedAttempts: readonly Attempt[] = [
  {
    row: 'B01',
    what: 'walking the list of BPF maps',
    script: 'probe bpf-next-id && echo ALLOWED',
    says: /^EPERM$/,
  },
  ...['init-module', 'finit-module'].map((call) => ({
    row: 'B02',
    what: `loading a module by ${call}`,
    script: `probe ${call} && echo ALLOWED`,
    says: /^(EPERM|ENOSYS)$/,
  })),
  ...[
    ['a setting of the kernel', 'echo 1 > /proc/sys/vm/drop_caches'],
    ['the core pattern', 'echo "|/x" > /proc/sys/kernel/core_pattern'],
    ['the module loader', 'echo /x > /proc/sys/kernel/modprobe'],
    ['the system request key', 'echo h > /proc/sysrq-trigger'],
    ['the uevent helper', 'echo /x > /sys/kernel/uevent_helper'],
  ].map(([what = '', script = '']) => ({
    row: 'B03',
    what: `writing ${what}`,
    script: `${script} && echo ALLOWED`,
    says: denied,
  })),
  {
    row: 'B04',
    what: 'a block device by a node made inside',
    script: 'mknod /tmp/b b 254 0 && cat /tmp/b && echo ALLOWED',
    says: /Operation not permitted/,
  },
  {
    row: 'B04',
    what: 'a block device by a node that is there',
    script:
      'for d in /dev/vd* /dev/sd* /dev/nvme* /dev/loop* /dev/dm-*; do [ -b "$d" ] && head -c 1 "$d" && echo ALLOWED; done; echo none',
    says: /none$/,
  },
  {
    row: 'B04',
    what: 'a block device by a mount',
    script: 'mkdir -p /mnt; mount -t ext4 /dev/vda /mnt && echo ALLOWED',
    says: /permission denied|Operation not permitted|No such file/,
  },
  {
    row: 'B04',
    what: 'memory by a node made inside',
    script: 'mknod /tmp/m c 1 1 && head -c 1 /tmp/m && echo ALLOWED',
    says: /Operation not permitted/,
  },
];

const writing = 'touch /data/x /m2/x && echo ALLOWED';

/** Ways to make /data writable, each of which must fail and after which nothing can be written. */
export const readOnlyAttempts: readonly Attempt[] = [
  ['B06', 'mount(8)', 'mount -o remount,rw /data /data'],
  ['B06', 'mount(8) of the mount alone', 'mount -o remount,bind,rw /data'],
  ['B06', 'mount(2)', 'probe remount-rw /data'],
  ['B10', 'mount_setattr(2)', 'probe mount-setattr-rw /data'],
  ['B10', 'open_tree(2)', 'probe open-tree-rw /data'],
  ['B09', 'a bind of it', 'mkdir /m2; mount --bind /data /m2; mount -o remount,bind,rw /m2'],
  ['B09', 'a recursive bind', 'mkdir /m3; mount --rbind / /m3; mount -o remount,bind,rw /m3/data'],
  ['R9.3.4', 'a mount namespace within', 'unshare -m mount -o remount,bind,rw /data'],
  ['R9.3.4', 'a user namespace within', 'unshare -U -r -m mount -o remount,bind,rw /data'],
  ['R9.3.4', 'another root', 'mkdir /n; mount --rbind / /n; chroot /n mount -o remount,bind,rw /data'],
]
  .map(([row = '', what = '', attempt = '']) => ({
    row,
    what: `it stays so against ${what}`,
    script: `( ${attempt} ) && echo ALLOWED; ${writing}`,
    says: /EPERM|permission denied|Operation not permitted|Invalid argument/,
  }))
  .concat(
    /* It may be taken away, and hides nothing but a directory of the container. */
    {
      row: 'R9.3.5',
      what: 'below it is nothing of the volume',
      script:
        'umount /data || umount -l /data; [ -z "$(ls /data)" ] || echo ALLOWED; touch /data/x; echo below',
      says: /below$/,
    },
  );
