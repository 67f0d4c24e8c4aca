import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { attemptImage } from '../support/attempt-image.ts';
import { type Attempt, attemptTests } from '../support/attempts.ts';
import { createDocker, probe, unique } from '../support/docker.ts';

/**
 * What containers may do within their isolation, after the sixty tests of another runtime (docs/acceptance.md, rows S01 to S60) that no
 * row of our own says. A script prints `ALLOWED` where it got further than it should.
 */
const docker = createDocker(inject('dockerHost'));
const containers: string[] = [];
const volumes: string[] = [];
let image = '';
beforeAll(async () => {
  image = await attemptImage(docker);
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...containers]);
  await docker.run(['volume', 'rm', '-f', ...volumes]);
  await docker.run(['rmi', '-f', image]);
});
const sh = async (flags: readonly string[], script: string): Promise<string> =>
  docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
const start = async (...flags: string[]): Promise<string> => {
  const name = unique('rows');
  containers.push(name);
  await docker.ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
  return name;
};
const volume = (): string => {
  const name = unique('rows');
  volumes.push(name);
  return name;
};

/** Settings of the whole machine beside those that have rows of their own (B03, R9.2). */
const globalSettings = [
  'vm/swappiness',
  'vm/max_map_count',
  'kernel/printk',
  'kernel/threads-max',
  'kernel/core_pattern',
  'fs/file-max',
  'fs/inotify/max_user_watches',
];
/** Of one network or IPC namespace each, with values nobody else sets. */
const ownSettings = [
  ['net/ipv4/ip_local_port_range', '20001\t20999'],
  ['net/ipv4/tcp_fin_timeout', '41'],
  ['net/ipv4/tcp_keepalive_time', '4321'],
  ['net/core/somaxconn', '777'],
  ['net/unix/max_dgram_qlen', '77'],
  ['kernel/shmmax', '70000002'],
  ['kernel/shmall', '70003'],
  ['kernel/shmmni', '1234'],
  ['kernel/msgmax', '7777'],
  ['kernel/msgmnb', '7778'],
  ['kernel/msgmni', '777'],
  ['kernel/sem', '333\t33333\t33\t77'],
] as const;
const onHost = (name: string): string => readFileSync(`/proc/sys/${name}`, 'utf8').trim();

/** A root of its own, made of the container's: what `chroot` and `pivot_root` go to. */
const otherRoot = 'mkdir -p /n && mount --rbind / /n && cd /n';
const pivot = `${otherRoot} && mkdir -p old && pivot_root . old && cd /`;
const namespaces = (script: string): string => `unshare -m sh -c '${script}'`;

const mountAttempts: readonly Attempt[] = [
  {
    what: 'a writable mount may become read-only, and writable again',
    script:
      'mkdir /w && mount --bind /tmp /w && mount -o remount,bind,ro /w && ! touch /w/x 2>/dev/null && mount -o remount,bind,rw /w && touch /w/y && echo worked',
    says: /^worked$/,
  },
  {
    what: 'a writable mount upon a read-only one hides it, and no more',
    script:
      'mount -t tmpfs none /ro && touch /ro/x && umount /ro && [ ! -e /ro/x ] && cat /ro/kept && ! touch /ro/x 2>/dev/null && echo hidden',
    says: /^kept\nhidden$/,
  },
  {
    what: 'chains of binds of a directory, a file and a device come apart in order',
    script: [
      'mkdir /c1 /c2 /c3 && touch /f1 /f2 /f3 /d1 /d2 && mount -t tmpfs none /c1 && touch /c1/x',
      'mount --bind /c1 /c2 && mount --bind /c2 /c3 && mount --bind /etc/passwd /f1 && mount --bind /f1 /f2 && mount --bind /f2 /f3',
      'mount --bind /dev/null /d1 && mount --bind /d1 /d2 && echo gone > /d2 && [ -c /d2 ]',
      'umount /c3 /c2 && [ -e /c1/x ] && umount /c1 && umount /f3 /f2 /f1 && umount /d2 /d1',
      '[ ! -s /f1 ] && [ ! -s /d2 ] && [ -z "$(ls /c1 /c2 /c3 | grep -v :)" ] && ! grep -qE " /(c|f|d)[123] " /proc/mounts && echo apart',
    ].join(' && '),
    says: /^apart$/,
  },
  ...[
    ['after chroot', `${otherRoot} && chroot . sh -c "TRY"`],
    ['in a mount namespace', namespaces('TRY')],
    ['in a mount namespace after chroot', namespaces(`${otherRoot} && chroot . sh -c "TRY"`)],
    ['in a mount namespace after pivot_root', namespaces(`${pivot} && TRY`)],
    ['there when the old root is gone', namespaces(`${pivot} && umount -l /old && TRY`)],
  ].map(([where = '', script = '']) => ({
    what: `a read-only volume stays so ${where}, and is there`,
    script: `${script.replace('TRY', 'cat /ro/kept; mount -o remount,bind,rw /ro && echo ALLOWED; touch /ro/x && echo ALLOWED')}; [ ! -e /ro/x ] && echo tried`,
    says: /^kept\n[^]*(denied|not permitted)[^]*tried$/,
  })),
  {
    what: 'targets that are relative, dotted or links are those they lead to',
    script:
      'mkdir -p /t/a/b /t/c && ln -s c /t/l && cd /t/a && mount -t tmpfs one b && mount -t tmpfs two ../a/./b/../../l && grep -oE "^(one|two) \\S+" /proc/mounts',
    says: /^one \/t\/a\/b\ntwo \/t\/c$/,
  },
  {
    what: 'a fresh proc at any place shows the processes of the container',
    script:
      'mkdir -p /p/q && mount -t proc proc /p/q && cmp /proc/1/cmdline /p/q/1/cmdline && umount /p/q && echo same',
    says: /^same$/,
  },
  {
    what: 'hidepid of a fresh proc hides the processes of others',
    script:
      'mkdir -p /h && mount -t proc -o hidepid=2 proc /h && ls -d /h/1 && su nobody -s /bin/sh -c "ls -d /h/1" 2>&1',
    says: /^\/h\/1\n.*No such file/,
  },
  {
    what: 'a read-only proc takes no setting',
    script:
      'mkdir -p /r && mount -t proc -o ro proc /r && echo own > /r/sys/kernel/domainname && echo ALLOWED; echo 1 > /r/sys/net/ipv4/ip_forward && echo ALLOWED; umount /r && echo tried',
    says: /Read-only file system[^]*tried$/,
  },
  {
    what: 'a fresh proc in a pid namespace of its own shows that',
    script:
      'unshare -m -p -f sh -c "mkdir -p /u; mount -t proc proc /u && cat /u/1/comm && ls -d /u/[0-9]* | wc -l"',
    says: /^sh\n[1-5]$/,
  },
  {
    what: 'a fresh sysfs shows the network of the container, read-only if asked, and takes no switch of the kernel',
    script:
      'mkdir -p /s && mount -t sysfs sysfs /s && ls /s/class/net && echo /x > /s/kernel/uevent_helper && echo ALLOWED; umount /s; mount -t sysfs -o ro sysfs /s && echo 1 > /s/class/net/lo/mtu && echo ALLOWED; umount /s && echo tried',
    says: /^eth0\nlo\n[^]*tried$/,
  },
  {
    what: 'the old root can be unmounted after pivot_root',
    script: namespaces(`${pivot} && umount -l /old && ls /old | wc -l && cat /proc/self/comm`),
    says: /^0\ncat$/,
  },
  {
    what: 'namespaces of all eight kinds are made',
    script: 'attempt new-namespaces',
    says: /^ok$/,
  },
  {
    what: 'openat2 restricts as on any kernel',
    script: [
      'mkdir -p /o/d && touch /o/d/f && ln -s d /o/l && ln -s /d/f /o/abs',
      ...[
        '/o l/f none',
        '/o l/f no-symlinks',
        '/o d/../d/f beneath',
        '/o ../o/d/f beneath',
        '/o abs beneath',
        '/o abs in-root',
        '/ proc/self no-xdev',
        '/proc self/exe no-magiclinks',
      ].map((words) => `attempt openat2 ${words}`),
    ].join('; '),
    says: /^ok\nELOOP\nok\nEXDEV\nEXDEV\nok\nEXDEV\nELOOP$/,
  },
  ...globalSettings.map((name) => ({
    what: `the setting ${name} of the machine is refused`,
    script: `echo 1 > /proc/sys/${name} && echo ALLOWED`,
    says: /Permission denied/,
  })),
].map((attempt) => ({ row: 'privileged', ...attempt }));

describe('mounts, namespaces and settings', () => {
  const data = volume();
  beforeAll(async () => {
    await sh(['-v', `${data}:/v`], 'echo kept > /v/kept');
  });
  attemptTests(() => docker, mountAttempts, {
    flags: ['--privileged', '-v', `${data}:/ro:ro`],
    image: () => image,
    sentinels: async () => [globalSettings.map(onHost), await sh(['-v', `${data}:/v`], 'ls /v')],
  });

  test.each([
    ['without CAP_SYS_ADMIN', []],
    ['without root', ['--privileged', '-u', '1000']],
  ])('nothing is mounted %s', async (_who, flags) => {
    const script =
      'mount -t tmpfs none /mnt && echo ALLOWED; mount --bind /etc /mnt && echo ALLOWED; echo tried';
    expect(await sh(flags, script)).toBe('tried');
  });

  test('twelve settings of namespaces are written, and change for no other container, nor for the host', async () => {
    const names = ownSettings.map(([name]) => name);
    const [writer, neighbour] = [await start('--privileged'), await start('--privileged')];
    const read = (container: string): Promise<string> =>
      docker.ok(['exec', container, 'sh', '-c', `cd /proc/sys && cat ${names.join(' ')}`]);
    const before = [names.map(onHost), await read(neighbour)];
    for (const [name, value] of ownSettings)
      await docker.ok(['exec', writer, 'sh', '-c', `echo "${value}" > /proc/sys/${name}`]);
    expect(await read(writer)).toBe(ownSettings.map(([, value]) => value).join('\n'));
    expect([names.map(onHost), await read(neighbour)]).toEqual(before);
    expect(await sh(['--privileged'], `cd /proc/sys && cat ${names.join(' ')}`)).toBe(before[1]);
  });
});

describe('everyday', () => {
  test('files keep their owners over four times pause and unpause', async () => {
    const name = await start();
    await docker.ok(['exec', name, 'sh', '-c', 'touch /f && touch /g && chown 5:6 /g']);
    for (let times = 0; times < 4; times += 1) {
      await docker.ok(['pause', name]);
      await docker.ok(['unpause', name]);
      expect(await docker.ok(['exec', name, 'stat', '-c', '%u:%g', '/f', '/g'])).toBe('0:0\n5:6');
    }
  });

  test('-w makes the directory, as root of the container', async () => {
    expect(
      await sh(['-w', '/made/here'], 'pwd; stat -c %u:%g:%a /made /made/here; touch x && echo writable'),
    ).toBe('/made/here\n0:0:755\n0:0:755\nwritable');
  });

  test('volumes in volumes, and over /var/lib, keep their owners at every level', async () => {
    const flags = ['/v', '/v/a', '/v/a/b', '/var/lib'].flatMap((at) => ['-v', `${volume()}:${at}`]);
    const directories = '/v /v/a /v/a/b /var/lib';
    const script = `n=1; for d in ${directories}; do touch $d/f && chown $n:$n $d/f; n=$((n + 1)); done`;
    await sh(flags, script);
    expect(await sh(flags, `for d in ${directories}; do stat -c %u:%g $d $d/f; done`)).toBe(
      '0:0\n1:1\n0:0\n2:2\n0:0\n3:3\n0:0\n4:4',
    );
  });

  test('--dns, --dns-search and --dns-option are what the container asks', async () => {
    const flags = ['--dns', '192.0.2.53', '--dns-search', 'example.test', '--dns-option', 'ndots:3'];
    const lines = (await sh(flags, 'grep -v "^#" /etc/resolv.conf; stat -c %u:%g /etc/resolv.conf')).split(
      '\n',
    );
    expect(lines.filter((line) => line !== '').sort()).toEqual(
      ['nameserver 192.0.2.53', 'search example.test', 'options ndots:3', '0:0'].sort(),
    );
  });

  test('--cpuset-cpus holds', async () => {
    expect(await sh(['--cpuset-cpus', '0'], 'nproc; grep Cpus_allowed_list /proc/self/status')).toMatch(
      /^1\nCpus_allowed_list:\s+0$/,
    );
  });

  test('no process but its own is in a container', async () => {
    const name = await start();
    expect((await docker.ok(['top', name, '-o', 'pid,args'])).split('\n')).toHaveLength(2);
    expect(
      await docker.ok(['exec', name, 'sh', '-c', 'ls -d /proc/[0-9]* | wc -l; readlink /proc/1/exe']),
    ).toMatch(/^[2-4]\n\/bin\/busybox$/);
  });
});
