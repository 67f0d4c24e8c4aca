import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { containing } from '../../../src/isolation/testing/expect.ts';
import { type Outcome, probe, unique } from '../../support/docker.ts';
import { callEngine } from '../../support/engine-api.ts';
import { eventually } from '../../support/eventually.ts';
import { rearrangedName, socketBind, type SocketMachine } from './machine.ts';

/** The same machine under other policies: what the first one refuses is allowed by one of them, and the other way round. */
export function otherPolicyRows(machine: SocketMachine): void {
  describe('no list', () => {
    beforeAll(() => machine.start({}), 120_000);

    test('E01: nobody has the socket', async () => {
      const { status, stderr } = await machine.run(machine.cli(), 'docker ps');
      expect(status).not.toBe(0);
      expect(stderr).toContain(
        'docker socket mount denied for container with image "localhost:5000/tools/docker"',
      );
      expect(stderr).toContain('allowed image list is empty');
      expect(stderr).toContain('Ada Lovelace');
    });
  });

  describe('every image, and a list of allowed commands', () => {
    beforeAll(
      () => machine.start({ imageList: { images: ['*'] }, commandList: { type: 'allow', commands: ['ps'] } }),
      120_000,
    );

    test('E01, E03, E06, E10: local images have the socket as well', async () => {
      expect((await machine.run(machine.registry.local, 'docker ps -q')).status).toBe(0);
      expect((await machine.run(probe, 'test -S /var/run/docker.sock')).status).toBe(0);
      const { status } = await machine.docker.run([
        'run',
        '--rm',
        '--use-api-socket',
        probe,
        'test',
        '-S',
        '/var/run/docker.sock',
      ]);
      expect(status).toBe(0);
    });

    test('E14: nothing else is served', async () => {
      const { status, stderr } = await machine.run(machine.registry.local, `docker run --rm ${probe} true`);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/docker command "\/v1\.\d+\/containers\/create" is blocked/);
      const commands = ['docker images', 'docker info', 'docker version', 'docker pull x', 'docker stop x'];
      const all = await machine.run(
        machine.registry.local,
        commands.map((command) => `${command} 2>&1; echo @@@`).join('; '),
      );
      expect(all.stdout.split('@@@').map((answer) => answer.includes('is blocked'))).toEqual([
        ...commands.map(() => true),
        false,
      ]);
    });
  });

  describe('digests, ids and derived images, rules of their own, and no list of commands', () => {
    beforeAll(async () => {
      const digest = machine.pinned.split('@')[1] ?? '';
      const images = [`localhost:5000/tools/docker@${digest}`, machine.localId, 'localhost:5000/none:*'];
      const allow = (...commands: string[]) => ({ type: 'allow', commands });
      await machine.start(
        { imageList: { images, allowDerivedImages: true } },
        { socketRules: [{ image: machine.localId, commandList: allow('ps', 'exec', 'run', 'rename') }] },
      );
    }, 120_000);

    test('E04, E12, E14, E17, E19: the digest that is pinned is allowed, with every command, and no registry is asked', async () => {
      const begun = performance.now();
      const { stdout, stderr } = await machine.run(
        machine.cli(),
        'docker push x; docker plugin ls; docker images -q | wc -l',
      );
      expect(stderr).not.toContain('is blocked');
      expect(stderr).toContain('does not exist');
      expect(Number(stdout.split('\n').at(-1))).toBeGreaterThan(0);
      expect(performance.now() - begun).toBeLessThan(25_000);
    });

    test('E04: another digest is not', async () => {
      const { status, stderr } = await machine.run(probe, 'true');
      expect(status).not.toBe(0);
      expect(stderr).toContain('image is not in the allowed list');
    });

    test('E07, E08: an image made of an allowed one is allowed', async () => {
      const name = 'e07/other';
      await machine.docker.ok(['build', '-q', '-t', name, '-'], {
        input: `FROM ${machine.cli()}\nRUN echo other >/own\n`,
      });
      expect((await machine.run(name, 'docker push x')).stderr).toContain('does not exist');
    });

    test('E09: not one that has its layers elsewhere, whatever it says of itself', async () => {
      const { status, stderr } = await machine.run(rearrangedName, 'true');
      expect(status).not.toBe(0);
      expect(stderr).toContain('image is not in the allowed list');
    });

    test('a rule for an image goes before the list, and its container gets nothing by way of another one', async () => {
      const narrow = await machine.withSocket(machine.localId);
      const wide = await machine.withSocket(machine.cli());
      const between = await machine.docker.ok(['run', '-d', probe, 'sleep', '600']);
      const inside = (...command: string[]): Promise<Outcome> =>
        machine.docker.run(['exec', narrow.name, ...command]);
      try {
        expect((await inside('docker', 'images')).stderr).toContain('is blocked');
        expect((await inside('docker', 'ps', '-q')).status).toBe(0);
        expect((await inside('docker', 'exec', between, 'true')).status).toBe(0);
        await machine.docker.ok([
          'run',
          '-d',
          ...socketBind,
          '--pid',
          `container:${between}`,
          machine.cli(),
          'sleep',
          '600',
        ]);
        const reaching = 'would give this container the Docker socket of another one';
        for (const command of [
          ['exec', wide.name, 'true'],
          ['exec', between, 'true'],
          ['run', '--rm', ...socketBind, machine.cli(), 'true'],
          ['run', '--rm', '--pid', `container:${wide.name}`, probe, 'true'],
          ['run', '--rm', '--volumes-from', wide.name, machine.cli(), 'true'],
        ])
          expect([command, (await inside('docker', ...command)).stderr]).toEqual([
            command,
            containing(reaching),
          ]);
        expect(
          (await inside('docker', 'run', '--rm', ...socketBind, machine.localId, 'docker', 'images')).stderr,
        ).toContain('is blocked');
        expect((await inside('docker', 'exec', narrow.name, 'true')).status).toBe(0);
      } finally {
        const joined = await machine.docker.ok([
          'ps',
          '-aq',
          '--no-trunc',
          '--filter',
          `ancestor=${machine.cli()}`,
        ]);
        await machine.docker.ok(['rm', '-f', narrow.name, between, ...joined.split('\n')]);
      }
    }, 120_000);

    test('nor by giving the name of what was judged to another one, while the engine waits for a body', async () => {
      const narrow = await machine.withSocket(machine.localId);
      const [plain, wide, swapped] = [unique('plain'), unique('wide'), unique('swapped')];
      const running = async (name: string): Promise<string> =>
        machine.docker.ok(['inspect', '-f', '{{.State.Running}}', name]);
      try {
        await machine.docker.ok(['create', '--name', plain, probe, 'sleep', '600']);
        await machine.docker.ok(['create', '--name', wide, ...socketBind, machine.cli(), 'sleep', '600']);
        const held = connect(narrow.socket);
        let said = '';
        held.on('data', (piece) => (said += piece.toString()));
        const ended = once(held, 'close');
        // dockerd reads a body of this type before it looks for the container: it may be as long as it takes.
        held.write(
          `POST /v1.43/containers/${plain}/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
        );
        await eventually(async () => expect(said).toContain('100 Continue'), 30_000);
        for (const [from, to] of [
          [plain, swapped],
          [wide, plain],
        ] as const)
          expect(
            (
              await callEngine(narrow.socket, {
                method: 'POST',
                path: `/v1.43/containers/${from}/rename?name=${to}`,
              })
            ).status,
          ).toBe(204);
        held.write('{}');
        await ended;
        expect(said).toContain('204 No Content');
        expect([await running(swapped), await running(plain)]).toEqual(['true', 'false']);
      } finally {
        await machine.docker.run(['rm', '-f', narrow.name, plain, wide, swapped]);
      }
    }, 120_000);
  });
}
