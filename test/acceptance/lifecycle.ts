import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';

/** What a developer does all day, which isolation must not change. */
export function lifecycleRows(docker: () => Docker): void {
  describe('everyday use', () => {
    const containers: string[] = [];
    const images: string[] = [];
    afterAll(async () => {
      if (containers.length > 0) await docker().run(['rm', '-f', ...containers]);
      if (images.length > 0) await docker().run(['rmi', '-f', ...images]);
    });
    const start = async (...flags: string[]): Promise<string> => {
      const name = unique('life');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
      return name;
    };

    test('exec, also as another user and with another directory', async () => {
      const name = await start();
      expect(
        await docker().ok(['exec', '-u', '1000:1000', '-w', '/tmp', name, 'sh', '-c', 'id -u; id -g; pwd']),
      ).toBe('1000\n1000\n/tmp');
    });

    test('the exit status and both outputs come through', async () => {
      const result = await docker().run([
        'run',
        '--rm',
        probe,
        'sh',
        '-c',
        'echo out; echo err >&2; exit 37',
      ]);
      expect(result).toMatchObject({ status: 37, stdout: 'out', stderr: 'err' });
    });

    test('standard input reaches the container and its end is seen', async () => {
      expect(
        await docker().ok(['run', '--rm', '-i', probe, 'wc', '-c'], { input: 'x'.repeat(100_000) }),
      ).toBe('100000');
    });

    test('its streams can be opened anew by their names, as images do that log to /dev/stdout', async () => {
      const script = 'echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin >/proc/1/fd/1';
      for (const flags of [[], ['--init'], ['--privileged'], ['-u', '1000:1000']])
        expect([
          flags,
          await docker().run(['run', '--rm', '-i', ...flags, probe, 'sh', '-c', script], { input: 'in' }),
        ]).toEqual([flags, { status: 0, stdout: 'out\nin', stderr: 'err' }]);
      const name = await start();
      const inside = 'echo of exec >/dev/stdout; echo first >/proc/1/fd/1';
      expect(await docker().ok(['exec', name, 'sh', '-c', inside])).toBe('of exec');
      expect(await docker().ok(['exec', '-u', '1000', name, 'sh', '-c', 'echo user >/dev/stdout'])).toBe(
        'user',
      );
      expect(await docker().ok(['logs', name])).toBe('first');
      const step = `FROM ${probe}\nRUN echo step >/dev/stdout\n`;
      const { status, stderr } = await docker().run(['build', '--no-cache', '--progress', 'plain', '-'], {
        input: step,
      });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^#\d+ [\d.]+ step$/m)]);
    });

    test('stop, start, restart', async () => {
      const name = await start();
      await docker().ok(['stop', '-t', '1', name]);
      await docker().ok(['start', name]);
      await docker().ok(['restart', '-t', '1', name]);
      expect(await docker().ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
    });

    test('diff and commit of a running container, with the owners that were set inside', async () => {
      const name = await start();
      await docker().ok([
        'exec',
        name,
        'sh',
        '-c',
        'mkdir /made && echo hi > /made/file && chown 1234:4321 /made/file && rm /etc/group',
      ]);
      const diff = (await docker().ok(['diff', name])).split('\n');
      expect(diff).toContain('A /made/file');
      expect(diff).toContain('D /etc/group');
      const image = unique('committed');
      images.push(image);
      await docker().ok(['commit', name, image]);
      expect(await docker().ok(['run', '--rm', image, 'stat', '-c', '%u:%g', '/made/file', '/made'])).toBe(
        '1234:4321\n0:0',
      );
    });

    test('--read-only, --tmpfs and --user', async () => {
      const script = 'touch /x 2>/dev/null; echo $?; touch /scratch/y; echo $?; id -u';
      const flags = ['--read-only', '--tmpfs', '/scratch:mode=1777', '-u', '1000'];
      expect(await docker().ok(['run', '--rm', ...flags, probe, 'sh', '-c', script])).toBe('1\n0\n1000');
    });

    test('a read-only root cannot be made writable, privileged or not', async () => {
      const script = 'mount -o remount,rw / ; mount -o remount,bind,rw / ; touch /x';
      expect(
        (await docker().run(['run', '--rm', '--privileged', '--read-only', probe, 'sh', '-c', script]))
          .status,
      ).not.toBe(0);
    });

    test('--init, --hostname, --env, --memory and --cpus', async () => {
      const flags = ['--init', '--hostname', 'box', '-e', 'A=b c', '--memory', '64m', '--cpus', '0.5'];
      expect(
        await docker().ok([
          'run',
          '--rm',
          ...flags,
          probe,
          'sh',
          '-c',
          'hostname; echo "$A"; cat /proc/1/comm',
        ]),
      ).toBe('box\nb c\ndocker-init');
    });

    test('a volume is shared by two containers with different ids', async () => {
      const volume = unique('shared');
      const first = await start('-v', `${volume}:/data`);
      const second = await start('-v', `${volume}:/data`);
      await docker().ok(['exec', first, 'sh', '-c', 'echo from-first > /data/f']);
      await docker().ok(['exec', second, 'sh', '-c', 'cat /data/f && rm /data/f && echo back > /data/g']);
      expect(await docker().ok(['exec', first, 'stat', '-c', '%u:%g %n', '/data/g'])).toBe('0:0 /data/g');
      await docker().ok(['rm', '-f', first, second]);
      await docker().ok(['volume', 'rm', volume]);
    });

    test('two containers on one network reach each other by name', async () => {
      const network = unique('net');
      await docker().ok(['network', 'create', network]);
      const server = await start('--network', network, '--network-alias', 'server');
      await docker().ok(['exec', '-d', server, 'sh', '-c', 'echo hello | nc -l -p 80']);
      const answer = 'for i in 1 2 3 4 5 6 7 8 9 10; do nc -w 5 server 80 && exit 0; sleep 1; done; exit 1';
      expect(await docker().ok(['run', '--rm', '--network', network, probe, 'sh', '-c', answer])).toBe(
        'hello',
      );
      await docker().ok(['rm', '-f', server]);
      await docker().ok(['network', 'rm', network]);
    });

    test('cp and exec see each other, also names that were looked up before they were there', async () => {
      const name = await start();
      await docker().ok([
        'exec',
        name,
        'sh',
        '-c',
        'rm /etc/group; ls /etc/incoming 2>/dev/null; mkdir /made',
      ]);
      expect((await docker().run(['cp', `${name}:/made/later`, '-'])).status).not.toBe(0);
      const file = fileURLToPath(import.meta.url);
      await docker().ok(['cp', file, `${name}:/etc/incoming`]);
      expect(await docker().ok(['exec', name, 'stat', '-c', '%u:%g', '/etc/incoming'])).toMatch(/^\d+:\d+$/);
      await docker().ok(['exec', name, 'sh', '-c', 'echo now > /made/later']);
      expect(await docker().ok(['cp', `${name}:/made/later`, '-'])).toContain('now');
    });

    test('cp into directories in use, which nothing has changed before; the container can go on writing there', async () => {
      const name = unique('life');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, '-w', '/var', probe, 'sleep', '600']);
      await docker().ok(['exec', name, 'ls', '/etc', '/bin', '/var']);
      // The engine mounts /etc/hosts in its own view first, whatever is read.
      expect(await docker().ok(['cp', `${name}:/etc/passwd`, '-'])).toContain('root');
      await docker().ok(['exec', name, 'touch', '/etc/after-reading']);
      const file = fileURLToPath(import.meta.url);
      for (const directory of ['/etc', '/bin', '/var']) {
        await docker().ok(['cp', file, `${name}:${directory}/copied`]);
        expect(await docker().ok(['exec', name, 'wc', '-l', `${directory}/copied`])).toMatch(/^\d\d+ /);
        await docker().ok(['exec', name, 'touch', `${directory}/after-writing`]);
      }
    });

    test('cp to and from a container', async () => {
      const name = await start();
      await docker().ok(['exec', name, 'sh', '-c', 'echo inside > /from']);
      expect(await docker().ok(['cp', `${name}:/from`, '-'])).toContain('inside');
    });

    test('logs, top and inspect', async () => {
      const name = unique('life');
      containers.push(name);
      await docker().ok([
        'run',
        '-d',
        '--name',
        name,
        probe,
        'sh',
        '-c',
        'echo one; echo two; exec sleep 600',
      ]);
      // `run -d` returns once the shell is started, not once it has said anything.
      await eventually(async () => expect(await docker().ok(['logs', name])).toBe('one\ntwo'), 10_000);
      await eventually(async () => expect(await docker().ok(['top', name])).toContain('sleep 600'), 10_000);
    });
  });
}
