import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

export interface SharePlace {
  readonly docker: Docker;
  /** Shared, to be written to, and in a directory that is not. */
  readonly shared: string;
  /** Shared read-only, and empty. */
  readonly readOnly: string;
}

/** What directories of the host are to containers, with a VM and without. */
export function shareRows(place: () => SharePlace): void {
  test.each(['', '-dir', '/../secret'])(
    'D08: a path outside of all shares is not shared: %s',
    async (end) => {
      const source = `${place().shared}${end === '' ? '/..' : end}`;
      for (const flags of [
        ['-v', `${source}:/x`],
        ['--mount', `type=bind,src=${source},dst=/x`],
      ]) {
        const { status, stderr } = await place().docker.run(['run', '--rm', ...flags, probe, 'ls', '/x']);
        expect(status).not.toBe(0);
        expect(stderr).toContain(
          `mounts denied: The path ${source} is not shared from the host and is not known to Docker.`,
        );
      }
    },
  );

  test('a share that is read-only is so in containers, whatever they try', async () => {
    const { docker, readOnly } = place();
    const script = [
      'touch /r/x',
      'mount -o remount,bind,rw /r',
      'mkdir /n; mount --bind /r /n; mount -o remount,bind,rw /n; touch /n/x',
    ].join('; ');
    const flags = ['--privileged', '-v', `${readOnly}:/r`];
    const { status, stderr } = await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Read-only file system');
    expect(readdirSync(readOnly)).toEqual([]);
  });

  test('B06: a shared directory bound read-only is not made writable', async () => {
    const { docker, shared } = place();
    const script = 'mount -o remount,bind,rw /r; mount -o remount,rw /r; touch /r/forced';
    const flags = ['--privileged', '-v', `${shared}:/r:ro`];
    const { status, stderr } = await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Read-only file system');
    expect(existsSync(join(shared, 'forced'))).toBe(false);
  });

  test('a local volume on a shared directory works, with no option that mounts it anew', async () => {
    const { docker, shared } = place();
    const kept = join(shared, 'volume');
    mkdirSync(kept, { mode: 0o755 });
    const name = unique('shares');
    const create = (device: string, options: string): readonly string[] => [
      'volume',
      'create',
      ...['type=none', `device=${device}`, `o=${options}`].flatMap((option) => ['--opt', option]),
      name,
    ];
    for (const [device, options] of [
      [kept, 'bind,ro'],
      [kept, 'bind,remount'],
      [kept, 'bind,suid'],
      [kept, 'rw'],
      [join(shared, '..'), 'bind'],
    ] as const)
      expect((await docker.run(create(device, options))).stderr).toContain('rule volume-options refuses');
    await docker.ok(create(kept, 'bind'));
    const script = ['sh', '-c', 'echo kept > /v/file; cat /v/file'];
    expect(await docker.ok(['run', '--rm', '-v', `${name}:/v`, probe, ...script])).toBe('kept');
    await docker.ok(['volume', 'rm', name]);
    expect(readFileSync(join(kept, 'file'), 'utf8')).toBe('kept\n');
  });
}

/** What a user of a container does in a directory bound at /w, and the lines it says where all is well. */
export const fileWork = [
  'cd /w',
  'echo one > a && mv a b && ln b c && ln -s b d && mkdir e && cat c d',
  'stat -c %u:%g:%h . b c e',
  'echo two > f && mv f b && cat b && cat c && chmod 600 b',
  'rm c d && rmdir e && ls',
].join('; ');

export const fileWorkLines = (user: string): readonly string[] => [
  'one',
  'one',
  `${user}:3`,
  `${user}:2`,
  `${user}:2`,
  `${user}:2`,
  'two',
  'one',
  'b',
];
