import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

/** Rows D01 to D05 and D08 of the acceptance table and the mounts reference/runtime.md §9.3 asks for: refused before anything runs. */
export function mountRows(docker: () => Docker): void {
  describe('mounts', () => {
    const volumes: string[] = [];
    afterAll(async () => {
      if (volumes.length > 0) await docker().run(['volume', 'rm', '-f', ...volumes]);
    });
    const volume = (): string => {
      const name = unique('mounts');
      volumes.push(name);
      return name;
    };
    /** Each source is asked for as `-v` and as `--mount`: Docker once checked one of the two alone. */
    const refusedSources: readonly (readonly [row: string, source: string])[] = [
      ['D01', '/etc/docker/daemon.json'],
      ...['/', '/var/lib/docker', '/run', '/proc', '/sys', '/dev'].map((path) => ['D02', path] as const),
      ...['/proc/self/root/etc', '/proc/1/root', '/tmp/../etc', '/var/lib/docker/volumes/../..'].map(
        (path) => ['D03', path] as const,
      ),
      ['R9.3.1', '/run/docker/docker.sock'],
      ...['/var/run', '/run/bulkhead', '/run/bulkhead/engine', '/proc/1/root/run'].map(
        (path) => ['R9.3.2', path] as const,
      ),
      ...['/run/containerd', '/run/containerd/containerd.sock', '/run/bulkhead/runtime.sock'].map(
        (path) => ['R9.3.3', path] as const,
      ),
      ...['/proc/sys', '/sys/fs/cgroup', '/dev/shm'].map((path) => ['R9.3.9', path] as const),
      ...['/var/lib/docker/overlay2', '/var/lib/docker/containers', '/var/lib/containerd'].map(
        (path) => ['R9.3.10', path] as const,
      ),
      ...['/etc', '/usr/lib/bulkhead', '/boot', '/root', '/tmp'].map((path) => ['R9.3.11', path] as const),
    ];
    test.each(refusedSources)('%s: %s is not bound', async (_row, source) => {
      for (const flags of [
        ['-v', `${source}:/x`],
        ['-v', `${source}:/x:ro`],
        ['--mount', `type=bind,src=${source},dst=/x`],
      ]) {
        const { status, stdout, stderr } = await docker().run(['run', '--rm', ...flags, probe, 'ls', '/x']);
        expect(status).not.toBe(0);
        expect(stdout).toBe('');
        expect(stderr).toContain(`can't mount ${source} because it's configured as a restricted host mount`);
      }
    });

    test.each(['/var/run/docker.sock', '/run/docker.sock', '/var/run/../run/docker.sock'])(
      'R9.3.1: the Docker socket is not bound by the name %s',
      async (source) => {
        for (const flags of [
          ['-v', `${source}:/x`],
          ['--mount', `type=bind,src=${source},dst=/x`],
        ]) {
          const { status, stderr } = await docker().run(['run', '--rm', ...flags, probe, 'true']);
          expect(status).not.toBe(0);
          expect(stderr).toContain(
            'docker socket mount denied for container with image "docker.io/bulkhead/probe"; allowed image list is empty',
          );
        }
      },
    );

    test.each(['/home/somebody/project', '/Users/somebody', '/tmp/build-1', '/work', '/etc/../srv/data'])(
      'D08: %s is not shared',
      async (source) => {
        for (const flags of [
          ['-v', `${source}:/x`],
          ['--mount', `type=bind,src=${source},dst=/x`],
        ]) {
          const { status, stdout, stderr } = await docker().run(['run', '--rm', ...flags, probe, 'ls', '/x']);
          expect(status).not.toBe(0);
          expect(stdout).toBe('');
          expect(stderr).toContain(
            `mounts denied: The path ${source} is not shared from the host and is not known to Docker.`,
          );
        }
      },
    );

    test.each([
      ['D04, R9.3.2', 'none', '/etc', 'bind'],
      ['D04, R9.3.2', 'none', '/var/run', 'bind'],
      ['D05', 'overlay', 'overlay', 'lowerdir=/etc:/run'],
      ['D05', 'nfs', ':/export', 'addr=127.0.0.1'],
      ['D05', 'proc', 'proc', 'rw'],
      ['D05', 'ext4', '/dev/vda1', 'ro'],
    ])('%s: a local volume of type %s on %s is not made', async (_row, type, device, options) => {
      const made = await docker().run([
        'volume',
        'create',
        ...[`type=${type}`, `device=${device}`, `o=${options}`].flatMap((option) => ['--opt', option]),
        volume(),
      ]);
      expect(made.status).not.toBe(0);
      expect(made.stderr).toContain('rule volume-options refuses');
      const inline = `type=volume,src=${unique('inline')},dst=/x,volume-opt=type=${type},volume-opt=device=${device}`;
      const { status, stderr } = await docker().run(['run', '--rm', '--mount', inline, probe, 'ls', '/x']);
      expect(status).not.toBe(0);
      expect(stderr).toContain('rule volume-options refuses');
    });

    test.each(['shared', 'rshared'])('R9.3.8: propagation %s is refused', async (propagation) => {
      for (const flags of [
        ['-v', `/tmp:/x:${propagation}`],
        ['-v', `${volume()}:/x:${propagation}`],
        ['--mount', `type=bind,src=/tmp,dst=/x,bind-propagation=${propagation}`],
      ])
        expect((await docker().run(['run', '--rm', ...flags, probe, 'true'])).status).not.toBe(0);
    });
  });
}
