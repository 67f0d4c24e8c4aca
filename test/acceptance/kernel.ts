import { describe } from 'vitest';
import { type Attempt, attemptTests } from '../support/attempts.ts';
import { type Docker, probe } from '../support/docker.ts';

const denied = /Permission denied|permission denied|Operation not permitted|Read-only file system/;
const deniedOrAbsent = new RegExp(`${denied.source}|No such file|nonexistent|No such device`);

function write(path: string, value: string): string {
  return `echo '${value}' > ${path} && echo ALLOWED`;
}

function probeFails(name: string, ...errors: readonly string[]): Pick<Attempt, 'script' | 'says'> {
  return {
    script: `probe ${name} && echo ALLOWED`,
    says: new RegExp(`^(${errors.join('|')})$`),
  };
}

/**
 * The probes of reference/runtime.md §9.2, numbered in the order of its table: what of the kernel a container with every capability
 * it can be given does not reach. A probe that passes for a reason of its own proves nothing, so each says what it expects.
 */
export const kernelAttempts: readonly Attempt[] = [
  {
    row: 'R9.2.1',
    what: 'the ids are a range of its own',
    script: 'cat /proc/self/uid_map; grep -q "^ *0 *0 " /proc/self/uid_map && echo ALLOWED',
    says: /^0\s+[1-9]\d{5,}\s+65536$/,
  },
  {
    row: 'R9.2.2',
    what: 'no release agent of a cgroup hierarchy (CVE-2022-0492)',
    script:
      'mkdir /c; for c in memory rdma pids; do mount -t cgroup -o $c c /c && echo /x > /c/release_agent && echo ALLOWED; umount /c; done',
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.3',
    what: 'the program that gets core dumps',
    script: write('/proc/sys/kernel/core_pattern', '|/x'),
    says: denied,
  },
  {
    row: 'R9.2.4',
    what: 'the programs that load modules and hear of devices',
    script: `${write('/proc/sys/kernel/modprobe', '/x')}; ${write('/sys/kernel/uevent_helper', '/x')}`,
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.5',
    what: 'the system request key',
    script: write('/proc/sysrq-trigger', 'h'),
    says: deniedOrAbsent,
  },
  ...[
    ['vm/drop_caches', '1'],
    ['vm/swappiness', '1'],
    ['vm/overcommit_memory', '1'],
    ['kernel/panic', '7'],
  ].map(([name = '', value = '']) => ({
    row: 'R9.2.6',
    what: `the setting ${name}`,
    /* Of some the container has a file of its own in the way: setting-files.ts. */
    script: `umount /proc/sys/${name}; ${write(`/proc/sys/${name}`, value)}`,
    says: denied,
  })),
  {
    row: 'R9.2.7',
    what: 'the binary formats of the machine: an instance of its own, or none',
    script: [
      write('/proc/sys/fs/binfmt_misc/register', ':t:M::x::/x:'),
      'mkdir -p /b; mount -t binfmt_misc b /b && grep -q enabled /b/status && echo own || echo none',
    ].join('; '),
    says: /own|none/,
  },
  {
    row: 'R9.2.8',
    what: 'a block device by number',
    script: 'for n in "8 0" "254 0" "7 0" "259 0"; do mknod /tmp/b b $n && echo ALLOWED; done',
    says: denied,
  },
  {
    row: 'R9.2.9',
    what: 'memory by number',
    script: 'mknod /tmp/m c 1 1 && echo ALLOWED',
    says: denied,
  },
  {
    row: 'R9.2.10',
    what: 'a disk of the host',
    script:
      'mkdir -p /m; for d in /dev/vda /dev/sda; do mount -t ext4 $d /m && echo ALLOWED; head -c 1 $d && echo ALLOWED; done',
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.11',
    what: 'memory, ports, kernel log and kernel core as files',
    script: [
      'for f in /dev/mem /dev/port /dev/kmsg /proc/kcore; do head -c 1 $f && echo ALLOWED; done',
      'dmesg && echo ALLOWED',
    ].join('; '),
    says: deniedOrAbsent,
  },
  { row: 'R9.2.12', what: 'input and output ports', ...probeFails('iopl', 'EPERM', 'ENOSYS') },
  { row: 'R9.2.13', what: 'loading a module', ...probeFails('init-module', 'EPERM', 'ENOSYS') },
  { row: 'R9.2.14', what: 'another kernel', ...probeFails('kexec-load', 'EPERM', 'ENOSYS') },
  {
    row: 'R9.2.16',
    what: 'BPF maps and programs',
    script: 'probe bpf-map-create && echo ALLOWED; probe bpf-next-id && echo ALLOWED',
    says: /^EPERM\s+EPERM$/,
  },
  { row: 'R9.2.17', what: 'performance events of a CPU', ...probeFails('perf-open', 'EACCES', 'ENOENT') },
  { row: 'R9.2.19', what: 'files by their handle', ...probeFails('open-by-handle', 'EPERM') },
  {
    row: 'R9.2.20',
    what: 'processes of others are neither seen nor signalled',
    script:
      'ls -d /proc/[0-9]* | wc -l; for p in 4000000 99999 12345; do kill -0 $p && echo ALLOWED; done; [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || echo ALLOWED',
    says: /No such process/,
  },
  {
    row: 'R9.2.21',
    what: 'the namespaces of process 1 are those of the container',
    script:
      'for n in mnt uts net pid user; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo ALLOWED; done; a=$(hostname); nsenter -t 1 -m -u -n -p hostname; echo "$a"',
    says: /^(\w+)\s+\1$/,
  },
  ...['debugfs', 'tracefs', 'securityfs', 'bpf', 'devtmpfs', 'fusectl', 'pstore', 'efivarfs'].map((type) => ({
    row: 'R9.2.23',
    what: `mounting ${type}`,
    script: `mkdir -p /m; mount -t ${type} x /m && echo ALLOWED`,
    says: deniedOrAbsent,
  })),
  {
    row: 'R9.2.24',
    what: 'a file as a disk',
    script:
      'dd if=/dev/zero of=/disk bs=64k count=16; losetup /dev/loop0 /disk && echo ALLOWED; mke2fs /disk; mkdir -p /m; mount -o loop /disk /m && echo ALLOWED',
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.25',
    what: 'switches of the kernel in /sys',
    script: `${write('/sys/kernel/mm/ksm/run', '1')}; ${write('/sys/power/state', 'mem')}; ${write('/sys/kernel/mm/transparent_hugepage/enabled', 'never')}`,
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.26',
    what: 'the clock',
    script: 'probe settime && echo ALLOWED; date -s @1 && echo ALLOWED',
    says: /EPERM[^]*Operation not permitted/,
  },
  {
    row: 'R9.2.27',
    what: 'swapping',
    script:
      'dd if=/dev/zero of=/sw bs=64k count=16; mkswap /sw; swapon /sw && echo ALLOWED; swapoff -a && [ "$(wc -l < /proc/swaps)" -gt 1 ] && echo ALLOWED',
    says: /swapon: .*Operation not permitted/,
  },
  {
    row: 'R9.2.30',
    what: 'emptying the kernel log',
    script: 'dmesg -c > /dev/null && echo ALLOWED',
    says: /Operation not permitted/,
  },
  {
    row: 'R9.2.32',
    what: 'the line of the VM to its host',
    ...probeFails('vsock-socket', 'EAFNOSUPPORT'),
  },
  {
    row: 'R9.2.33',
    what: 'interfaces of others',
    script: 'ls /sys/class/net; [ "$(ls /sys/class/net | tr "\\n" " ")" = "eth0 lo " ] || echo ALLOWED',
    says: /eth0/,
  },
  {
    row: 'R9.2.35',
    what: 'addresses of the kernel and of memory are zero',
    script:
      'for f in /proc/kallsyms /proc/iomem; do head -n 500 $f | tr - " " | cut -d" " -f1 | grep -qv "^0*$" && echo ALLOWED; done; echo zero',
    says: /^zero$/,
  },
  {
    row: 'R9.2.36',
    what: 'the identity of the machine',
    script: 'cat /sys/class/dmi/id/product_uuid /sys/firmware/acpi/tables/DSDT && echo ALLOWED',
    says: deniedOrAbsent,
  },
  {
    row: 'R9.2.37',
    what: 'limits of the machine',
    script: `umount /proc/sys/net/netfilter/nf_conntrack_max; ${write('/proc/sys/net/netfilter/nf_conntrack_max', '1')}; ${write('/proc/sys/fs/file-max', '1')}; echo 1234 > /proc/sys/net/core/somaxconn; cat /proc/sys/net/core/somaxconn`,
    says: /1234$/,
  },
];

export function kernelRows(docker: () => Docker, sentinels: () => Promise<unknown>): void {
  describe('interfaces of the kernel', () => {
    attemptTests(docker, kernelAttempts, { flags: ['--privileged'], image: () => probe, sentinels });
  });
}
