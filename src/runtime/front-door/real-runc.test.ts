import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../isolation/plan.js';
import { canStage, makeTarget } from './front-door.test-support.js';
import { bind, useStaging } from './staging.test-support.js';

/** An unpacked root file system with runc 1.3.6 or newer and the libraries it wants. */
const root = process.env['BULKHEAD_TEST_ROOT'];
const runc = join(root ?? '', 'usr/sbin/runc');

describe.skipIf(!canStage || root === undefined || !existsSync(runc))('with the real runc', () => {
  const staging = useStaging(async (made) => {
    for (const name of ['l1/vol', 'l1/proc', 'volume']) made.directory(name);
    copyFileSync(await makeTarget('remount-probe', made.door.directory), made.layer('l1/probe'));
  }, runc);

  function probing(plan: Plan): Plan {
    const { ids } = plan;
    const all = capabilities();
    const mapping = [{ containerID: 0, hostID: ids.base, size: ids.size }];
    const { directory } = staging().door;
    return {
      ...plan,
      root: staging().overlay(true),
      binds: [bind(1, { readonly: true, recursive: true })],
      spec: {
        ociVersion: '1.2.0',
        root: { path: join(directory, 'run/rootfs'), readonly: true },
        process: {
          user: { uid: 0, gid: 0 },
          args: ['/probe'],
          env: ['PATH=/'],
          cwd: '/',
          capabilities: { bounding: all, effective: all, permitted: all, inheritable: all },
        },
        hostname: 'probe',
        mounts: [
          { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
          { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
          {
            destination: '/vol',
            type: 'bind',
            source: join(directory, 'run/stage/b1'),
            options: ['rbind', 'ro', 'nosuid', 'nodev'],
          },
          { destination: '/made/for/me', type: 'tmpfs', source: 'tmpfs', options: ['nosuid'] },
        ],
        linux: {
          uidMappings: mapping,
          gidMappings: mapping,
          namespaces: (['user', 'mount', 'pid', 'ipc', 'uts', 'network'] as const).map((type) => ({ type })),
        },
      },
    };
  }

  test('root with every capability opens no read-only mount, in no way', async () => {
    const { door } = staging();
    const state = join(door.directory, 'state');
    staging().paths = [staging().layer('merged'), staging().layer('volume')];
    staging().change = probing;
    // runc wants newer libraries than the machine may have; they stay in a mount namespace of this call.
    const libraries = `mount --bind ${root}/usr/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu`;
    const bundle = door.makeBundle('{}');
    const result = await door.inMounts(
      libraries,
      '--log-format',
      'json',
      '--root',
      state,
      'run',
      '--bundle',
      bundle,
      'probe',
    );
    expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
    const ways = ['remount', 'mount_setattr', 'suid', 'dev', 'clone']
      .map((way) => `${way}: EPERM`)
      .concat('write: EROFS');
    const attempt = (where: string, path: string) =>
      ways
        .filter((way) => path !== '/' || !way.startsWith('suid'))
        .map((way) => `${where} ${way.replace(':', ` ${path}:`)}`);
    const base = staging().audits[0]?.ids?.base;
    expect(result.stdout.split('\n')).toEqual([
      `map 0 ${base} 65536`,
      ...attempt('plain', '/vol'),
      ...attempt('plain', '/'),
      ...attempt('mount-namespace', '/vol'),
      ...attempt('nested', '/vol'),
      '',
    ]);
    expect(readdirSync(staging().layer('volume'))).toEqual([]);
    // The mount point runc could not have made in the locked root, with ids unshifted on disk.
    expect(statSync(staging().layer('snap/fs/made/for/me')).uid).toBe(0);
    expect(readdirSync(state)).toEqual([]);
  }, 30_000);

  test('its ids come back when it is gone', async () => {
    await expect.poll(() => staging().server.allocator.leases, { timeout: 5000 }).toEqual([]);
  });
});

/** The names of all capabilities this kernel knows and this process may hand on. */
function capabilities(): string[] {
  const names =
    'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE';
  const [, bounding = '0'] = /^CapBnd:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const held = BigInt(`0x${bounding}`);
  return names
    .split(' ')
    .flatMap((name, bit) => (((held >> BigInt(bit)) & 1n) === 1n ? [`CAP_${name}`] : []));
}
