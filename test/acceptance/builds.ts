import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { parseIdMap } from '../support/id-map.ts';

/** Every build step runs isolated too, with both of the engine's builders. */
export function buildRows(docker: () => Docker): void {
  describe('builds', () => {
    const build = async (dockerfile: string, buildkit: boolean, ...flags: string[]): Promise<string> => {
      const context = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
      const image = unique('built');
      try {
        await writeFile(join(context, 'Dockerfile'), dockerfile);
        await writeFile(join(context, 'input'), 'from the context\n');
        await docker().ok(['build', '-t', image, ...flags, context], {
          env: { DOCKER_BUILDKIT: buildkit ? '1' : '0' },
        });
        return image;
      } finally {
        await rm(context, { recursive: true });
      }
    };

    test.each([
      ['BuildKit', true],
      ['the classic builder', false],
    ])(
      'F01: RUN under %s has ids of its own, and its files the owners it gave them',
      async (_name, buildkit) => {
        const lines = [
          `FROM ${probe}`,
          'COPY input /input',
          'RUN cat /proc/self/uid_map > /map && mkdir /d && chown 12:34 /d && cp /input /d/copy',
          'RUN rm /input && echo second > /second',
        ];
        const image = await build(lines.join('\n'), buildkit, '--no-cache');
        const map = parseIdMap(await docker().ok(['run', '--rm', image, 'cat', '/map']));
        expect(map.base).toBeGreaterThanOrEqual(100_000);
        expect(map.size).toBe(65_536);
        expect(
          await docker().ok([
            'run',
            '--rm',
            image,
            'sh',
            '-c',
            'stat -c %u:%g /d /d/copy; cat /d/copy /second; test ! -e /input',
          ]),
        ).toBe('12:34\n0:0\nfrom the context\nsecond');
        await docker().ok(['rmi', image]);
      },
    );

    test('a cache mount keeps its content between two builds', async () => {
      const dockerfile = (line: string): string =>
        `FROM ${probe}\nRUN --mount=type=cache,target=/cache,id=${probe} ${line}\n`;
      const mark = unique('kept');
      const first = await build(dockerfile(`echo ${mark} > /cache/file`), true);
      const second = await build(dockerfile(`cp /cache/file /copied # ${mark}`), true);
      expect(await docker().ok(['run', '--rm', second, 'cat', '/copied'])).toBe(mark);
      await docker().ok(['rmi', first, second]);
    });

    test('stages: files copied and bound from one of several layers, secrets, tmpfs, no network', async () => {
      const context = await mkdtemp(join(tmpdir(), 'bulkhead-secret-'));
      try {
        await writeFile(join(context, 'secret'), 'hush');
        const lines = [
          `FROM ${probe} AS tools`,
          'RUN mkdir -p /out/sub && echo one > /out/one',
          'RUN echo two > /out/sub/two && chown -R 7:8 /out/sub && rm /etc/group',
          `FROM ${probe}`,
          'COPY --from=tools /out/one /copied',
          'RUN --mount=type=bind,from=tools,target=/tools cat /tools/out/one /tools/out/sub/two > /bound && test ! -e /tools/etc/group && ! touch /tools/x',
          'RUN --mount=type=bind,from=tools,source=/out/sub,target=/sub stat -c %u:%g /sub /sub/two >> /bound && ls /sub >> /bound',
          'RUN --mount=type=bind,from=tools,source=/out/one,target=/single cat /single >> /bound',
          'RUN --mount=type=bind,from=tools,target=/tools,rw echo written > /tools/out/one && cat /tools/out/one >> /bound',
          'RUN --mount=type=bind,from=tools,target=/tools cat /tools/out/one >> /bound',
          `RUN --mount=type=cache,from=tools,source=/out,target=/seeded,id=${unique('seeded')} stat -c %u:%g /seeded/sub && cat /seeded/one >> /bound && echo more > /seeded/one`,
          'RUN --mount=type=secret,id=s cat /run/secrets/s > /hidden && wc -c < /hidden >> /bound && rm /hidden',
          'RUN --mount=type=tmpfs,target=/scratch touch /scratch/x && grep -c " /scratch tmpfs " /proc/mounts >> /bound',
          'RUN --network=none ls /sys/class/net >> /bound',
        ];
        const image = await build(
          lines.join('\n'),
          true,
          '--no-cache',
          '--secret',
          `id=s,src=${join(context, 'secret')}`,
        );
        expect(
          (await docker().ok(['run', '--rm', image, 'sh', '-c', 'cat /copied /bound; ls /scratch'])).split(
            '\n',
          ),
        ).toEqual([
          'one', // COPY --from
          'one',
          'two',
          '7:8', // a directory of the stage
          '7:8',
          'two',
          'one', // a file of it
          'written', // written to for one step alone
          'one',
          'one', // a cache that starts as a directory of it
          '4', // the secret
          '1', // the tmpfs
          'lo',
        ]);
        await docker().ok(['rmi', image]);
      } finally {
        await rm(context, { recursive: true });
      }
    });

    test('an image is mounted in a container, read-only; the root of another container is not', async () => {
      const tag = unique('m');
      const lines = [
        `FROM ${probe}`,
        'RUN mkdir /d && echo one > /d/one',
        'RUN chown 7:8 /d && rm /etc/group',
      ];
      await docker().ok(['tag', await build(lines.join('\n'), true), tag]);
      const image = ['--mount', `type=image,src=${tag},dst=/i`];
      const script =
        'cat /i/d/one; stat -c %u:%g /i/d; test ! -e /i/etc/group && ! touch /i/d/x 2>/dev/null && echo kept';
      expect(await docker().ok(['run', '--rm', ...image, probe, 'sh', '-c', script])).toBe('one\n7:8\nkept');
      const victim = await docker().ok(['run', '-d', probe, 'sleep', '600']);
      const merged = await docker().ok(['inspect', '-f', '{{.GraphDriver.Data.MergedDir}}', victim]);
      const { status, stderr } = await docker().run(['run', '--rm', '-v', `${merged}:/i`, probe, 'ls', '/i']);
      expect(status).not.toBe(0);
      expect(stderr).toContain("can't mount");
      await docker().ok(['rm', '-f', victim]);
      await docker().ok(['rmi', '-f', tag]);
    });

    test('a failing RUN fails the build with its own words', async () => {
      await expect(build(`FROM ${probe}\nRUN echo because >&2; exit 3\n`, true)).rejects.toThrow(/because/);
    });
  });
}
