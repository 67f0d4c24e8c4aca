import { chown, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

/** Rows D10, D11, D13 and D15 of the acceptance table, and what reference/runtime.md §9.3 says of volumes. */
export function volumeRows(docker: () => Docker): void {
  describe('volumes and copies', () => {
    const containers: string[] = [];
    const volumes: string[] = [];
    afterAll(async () => {
      if (containers.length > 0) await docker().run(['rm', '-f', ...containers]);
      if (volumes.length > 0) await docker().run(['volume', 'rm', '-f', ...volumes]);
    });
    const volume = (): string => {
      const name = unique('mounts');
      volumes.push(name);
      return name;
    };
    const start = async (...flags: string[]): Promise<string> => {
      const name = unique('mounts');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
      return name;
    };

    test('R9.3.8: what a container mounts in a volume is seen by no other', async () => {
      const data = volume();
      const [first, second] = [
        await start('--privileged', '-v', `${data}:/v`),
        await start('-v', `${data}:/v`),
      ];
      await docker().ok([
        'exec',
        '--privileged',
        first,
        'sh',
        '-c',
        'mkdir /v/m && mount -t tmpfs none /v/m && touch /v/m/x',
      ]);
      expect(await docker().ok(['exec', second, 'ls', '/v/m'])).toBe('');
      expect(await docker().ok(['exec', first, 'ls', '/v/m'])).toBe('x');
    });

    test('R9.3.12, R9.3.13: set-uid programs and devices of a volume are of no use', async () => {
      const data = volume();
      const plant = [
        'cp /bin/busybox /v && chown 0:0 /v/busybox && chmod 4755 /v/busybox',
        '! mknod /v/null c 1 3 && ! mknod /v/disk b 254 0',
      ].join(' && ');
      await docker().ok(['run', '--rm', '--privileged', '-v', `${data}:/v`, probe, 'sh', '-c', plant]);
      const use = 'stat -c %a /v/busybox; /v/busybox id -u; grep " /v " /proc/self/mounts';
      const seen = await docker().ok([
        'run',
        '--rm',
        '-u',
        '1000',
        '-v',
        `${data}:/v`,
        probe,
        'sh',
        '-c',
        use,
      ]);
      const [mode, user, mount] = seen.split('\n');
      expect([mode, user]).toEqual(['4755', '1000']);
      expect(mount).toMatch(/\bnosuid\b/);
      expect(mount).toMatch(/\bnodev\b/);
    });

    test('D10: docker cp gives files the owner it says, and never 65534', async () => {
      const name = await start();
      const directory = await mkdtemp(join(tmpdir(), 'bulkhead-cp-'));
      try {
        await writeFile(join(directory, 'f'), 'text');
        await docker().ok(['cp', join(directory, 'f'), `${name}:/f`]);
        expect(await docker().ok(['exec', name, 'ls', '-n', '/f'])).toMatch(/ 0 +0 +4 /);
        await chown(join(directory, 'f'), 1234, 4321);
        await docker().ok(['cp', '-a', join(directory, 'f'), `${name}:/h`]);
        expect(await docker().ok(['exec', name, 'ls', '-n', '/h'])).toMatch(/ 1234 +4321 +4 /);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

    test('D11: a volume is read and written by root of two containers with different ranges', async () => {
      const data = volume();
      const [first, second] = [await start('-v', `${data}:/v`), await start('-v', `${data}:/v`)];
      const maps = await Promise.all(
        [first, second].map((name) => docker().ok(['exec', name, 'cat', '/proc/self/uid_map'])),
      );
      expect(maps[0]).not.toBe(maps[1]);
      await docker().ok(['exec', first, 'sh', '-c', 'echo one > /v/f && chown 1000:1000 /v/f']);
      await docker().ok(['exec', second, 'sh', '-c', 'echo two >> /v/f && mv /v/f /v/g && ln /v/g /v/h']);
      expect(await docker().ok(['exec', first, 'stat', '-c', '%u:%g %h', '/v/g'])).toBe('1000:1000 2');
      expect(await docker().ok(['exec', first, 'cat', '/v/h'])).toBe('one\ntwo');
    });

    test('D13: tmpfs mounts, the size of shared memory, a read-only root', async () => {
      const flags = [
        '--read-only',
        '--tmpfs',
        '/run',
        '--mount',
        'type=tmpfs,dst=/t,tmpfs-size=1m',
        '--shm-size',
        '3m',
      ];
      const script =
        'touch /run/x /t/x /dev/shm/x && ! touch /x 2>/dev/null && df -k /t /dev/shm | tail -n 2 | tr -s " " | cut -d" " -f2';
      expect(await docker().ok(['run', '--rm', ...flags, probe, 'sh', '-c', script])).toBe('1024\n3072');
    });

    test('D15: docker cp out of a container stays in its destination, whatever links the container made', async () => {
      const name = await start();
      const directory = await mkdtemp(join(tmpdir(), 'bulkhead-cp-'));
      try {
        const [inside, outside] = [join(directory, 'in'), join(directory, 'out')];
        const script = [
          'mkdir -p /evil/sub && echo bad > /evil/sub/planted',
          `ln -s ${outside} /evil/abs && ln -s ../out /evil/rel`,
          'ln -s /etc /link && ln -s ../../../../../../etc /up',
        ].join(' && ');
        await docker().ok(['exec', name, 'sh', '-c', script]);
        await docker().run(['cp', `${name}:/evil`, inside]);
        await docker().run(['cp', `${name}:/evil/.`, inside]);
        for (const link of ['abs', 'rel']) {
          await docker().run(['cp', `${name}:/evil/sub/planted`, join(inside, link, 'planted')]);
          await docker().run(['cp', '-L', `${name}:/evil/${link}`, join(inside, `${link}-followed`)]);
        }
        await docker().run(['cp', '-L', `${name}:/link`, join(directory, 'etc')]);
        await docker().run(['cp', '-L', `${name}:/up`, join(directory, 'etc-too')]);
        expect(await readdir(directory).then((names) => names.includes('out'))).toBe(false);
        const own = await docker().ok(['exec', name, 'ls', '-A', '/etc']);
        for (const copied of ['etc', 'etc-too'])
          expect((await readdir(join(directory, copied))).sort()).toEqual(own.split('\n').sort());
      } finally {
        await rm(directory, { recursive: true });
      }
    });

    test('D15: docker cp into a container stays in the container', async () => {
      const name = await start();
      const directory = await mkdtemp(join(tmpdir(), 'bulkhead-cp-'));
      try {
        await writeFile(join(directory, 'file'), 'text');
        await symlink('/etc/passwd', join(directory, 'link'));
        const script = 'mkdir -p /run/bulkhead/engine && ln -s ../../../../../../run/bulkhead/engine /up';
        await docker().ok(['exec', name, 'sh', '-c', script]);
        await docker().ok(['cp', join(directory, 'file'), `${name}:/up/held-by-cp`]);
        expect(await docker().ok(['exec', name, 'cat', '/run/bulkhead/engine/held-by-cp'])).toBe('text');
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  });
}
