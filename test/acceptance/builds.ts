import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { parseIdMap } from '../support/id-map.ts';

/** Row F01: the ids of build steps and the owners of what they make. */
export function buildOwnerRows(docker: () => Docker): void {
  describe('owners in builds', () => {
    test.each([
      ['BuildKit', true],
      ['the classic builder', false],
    ])(
      'F01: RUN under %s has ids of its own, and its files the owners it gave them',
      async (_name, buildkit) => {
        const lines = [
          `FROM ${probe}`,
          'COPY input /input',
          'RUN cat /proc/self/uid_map > /map && cat /proc/self/oom_score_adj > /score && mkdir /d && chown 12:34 /d && cp /input /d/copy',
          'RUN rm /input && echo second > /second',
        ];
        const image = await buildImage(docker(), lines.join('\n'), buildkit, ['--no-cache']);
        const [line = '', score] = (await docker().ok(['run', '--rm', image, 'cat', '/map', '/score'])).split(
          '\n',
        );
        // Below 0 it would be killed after the containers when memory runs out, as the engine is.
        expect(Number(score)).toBeGreaterThanOrEqual(0);
        const map = parseIdMap(line);
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
  });
}

/** Rows F02 and F03: what a build asks of the host is refused, with a sentence in its output that says so. */
export function buildRefusalRows(docker: () => Docker): void {
  describe('builds refused with a sentence that says so', () => {
    const attempt = async (
      lines: readonly string[],
      flags: readonly string[],
      buildkit = true,
    ): Promise<Outcome> => {
      const env = { DOCKER_BUILDKIT: buildkit ? '1' : '0', BUILDKIT_PROGRESS: 'plain' };
      const input = `${[`FROM ${probe}`, ...lines].join('\n')}\n`;
      return docker().run(['build', '--no-cache', ...flags, '-'], { env, input });
    };

    test.each([
      ['BuildKit', true, []],
      ['the classic builder', false, ['--force-rm']],
    ])('F02: build --network=host with %s', async (_name, buildkit, flags) => {
      const { status, stdout, stderr } = await attempt(['RUN true'], ['--network=host', ...flags], buildkit);
      expect(status).not.toBe(0);
      expect(stdout + stderr).toContain(
        "enhanced container isolation: can't share a network namespace with the host",
      );
    });

    test('F02: RUN --network=host, also with --allow network.host', async () => {
      const { status, stderr } = await attempt(['RUN --network=host true'], ['--allow', 'network.host']);
      expect(status).not.toBe(0);
      expect(stderr).toContain("can't share a network namespace with the host");
    });

    test('F03: --allow security.insecure', async () => {
      const flags = ['--allow', 'security.insecure'];
      const { status, stderr } = await attempt(['RUN --security=insecure true'], flags);
      expect(status).not.toBe(0);
      expect(stderr).toContain('security.insecure is not allowed');
    });
  });
}

/** Every build step runs isolated too, with both of the engine's builders. */
export function buildRows(docker: () => Docker): void {
  buildOwnerRows(docker);
  describe('builds', () => {
    const build = async (dockerfile: string, buildkit: boolean, ...flags: string[]): Promise<string> =>
      buildImage(docker(), dockerfile, buildkit, flags);

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

/** Gives the name of the image, which the caller removes. */
async function buildImage(
  docker: Docker,
  dockerfile: string,
  buildkit: boolean,
  flags: readonly string[],
): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
  const image = unique('built');
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    await writeFile(join(context, 'input'), 'from the context\n');
    await docker.ok(['build', '-t', image, ...flags, context], {
      env: { DOCKER_BUILDKIT: buildkit ? '1' : '0' },
    });
    return image;
  } finally {
    await rm(context, { recursive: true });
  }
}
