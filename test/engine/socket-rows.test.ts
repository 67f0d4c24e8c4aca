import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import type { EngineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { disjoint, parseIdMap } from '../support/id-map.ts';
import { rearranged } from '../support/rearranged-image.ts';
import { talk } from '../support/raw-http.ts';
import { type RegistryImages, startRegistryImages } from '../support/socket-images.ts';
import { containing } from '../../src/isolation/testing/expect.ts';
import { type SuccessiveEngines, successiveEngines } from '../support/successive-engines.ts';

/**
 * Docker socket permissions, with real policy files. One machine; its engine is started with one policy after the other, and what one of them
 * allows another one refuses, so that each row is also seen with its rule off.
 */
let engines: SuccessiveEngines;
let docker: Docker;
let engine: EngineInternals;
let registry: RegistryImages;
/** `name@sha256:…` of the image in the registry. */
let pinned: string;
/** Images made here: of the registry's, with its layers in another place, and without any tie to it. */
const derived = 'e07/derived';
const rearrangedName = 'e09/rearranged';
/** Ids of images that no registry knows. */
let localId: string;

beforeAll(async () => {
  engines = await successiveEngines('sockets');
}, 30_000);
afterAll(async () => {
  await engines[Symbol.asyncDispose]();
});

const socketBind = ['-v', '/var/run/docker.sock:/var/run/docker.sock'];
const run = (image: string, script: string, ...flags: string[]): Promise<Outcome> =>
  docker.run(['run', '--rm', ...socketBind, ...flags, image, 'sh', '-c', script]);
const start = async (isolation?: object, bulkhead?: object): Promise<void> => {
  const policy = { bulkhead: { contact: 'Ada Lovelace', ...bulkhead } };
  ({ docker, internals: engine } = await engines.start(
    isolation === undefined
      ? undefined
      : { ...policy, enhancedContainerIsolation: { value: true, dockerSocketMount: isolation } },
  ));
};
const cli = (): string => registry.named('tools/docker:cli');

/** A running container that has the socket, and where its own socket is. */
async function withSocket(image: string): Promise<{ name: string; socket: string }> {
  const name = unique('holder');
  const id = await docker.ok(['run', '-d', '--name', name, ...socketBind, image, 'sleep', '600']);
  return { name, socket: await socketOf(id) };
}

async function socketOf(id: string): Promise<string> {
  const directory = engine.path('/run/bulkhead/sockets');
  for (const entry of await readdir(directory)) {
    const owner = await readFile(join(directory, entry, 'owner.json'), 'utf8').catch(() => '');
    if (owner.includes(id)) return join(directory, entry, 'docker.sock');
  }
  throw new Error(`no socket of ${id}`);
}

describe('images of a list, and a list of denied commands', () => {
  const inList = ['localhost:5000/tools/docker:cli', 'localhost:5000/testcontainers/ryuk:*'];
  const commandList = { type: 'deny', commands: ['push', 'plugin', 'login'] };
  let holder: { name: string; socket: string };
  beforeAll(async () => {
    await start({ imageList: { images: inList }, commandList });
    registry = await startRegistryImages(docker);
    pinned = await registry.push(registry.local, 'tools/docker:cli');
    await registry.push(registry.local, 'testcontainers/ryuk:0.9.0');
    await docker.ok(['build', '-q', '-t', derived, '-'], { input: `FROM ${cli()}\nRUN echo >/own\n` });
    localId = await docker.ok(['inspect', '-f', '{{.Id}}', derived]);
    await rearranged(docker, cli(), probe, rearrangedName);
    holder = await withSocket(cli());
  }, 180_000);

  test('E02: an image in the list has the socket and sees the containers', async () => {
    const name = unique('e02');
    const { status, stdout, stderr } = await run(cli(), "docker ps --format '{{.Names}}'", '--name', name);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toContain(name);
    expect((await run(cli(), 'stat -c "%u %a" /var/run/docker.sock')).stdout).toBe('0 660');
  });

  test('E03: an image that is only tagged like one in the list has not', async () => {
    await docker.ok(['tag', probe, registry.named('tools/docker:evil')]);
    await docker.ok(['tag', cli(), 'kept/cli']);
    await docker.ok(['tag', probe, cli()]);
    try {
      const { status, stderr } = await run(cli(), 'true');
      expect(status).not.toBe(0);
      expect(stderr).toContain(
        'enhanced container isolation: docker socket mount denied for container with image "localhost:5000/tools/docker"; image is not in the allowed list',
      );
      expect(stderr).toContain('Ada Lovelace');
    } finally {
      await docker.ok(['tag', 'kept/cli', cli()]);
    }
    expect((await run(cli(), 'true')).status).toBe(0);
  });

  test('E03: nor one whose container was made before the tag was moved, by its own image', async () => {
    const name = unique('e03');
    const body = { Image: probe, Cmd: ['true'], HostConfig: { Binds: ['/var/run/docker.sock:/s'] } };
    const raw = engine.rawSocket;
    const created = await callEngine(raw, { method: 'POST', path: `/containers/create?name=${name}`, body });
    expect(created.status).toBe(201);
    const started = await callEngine(raw, { method: 'POST', path: `/containers/${name}/start` });
    expect(started.status).toBeGreaterThanOrEqual(400);
    expect(started.text).toContain('docker socket mount denied for container with image');
    await docker.ok(['rm', '-f', name]);
  });

  test('E05: any tag of a repository', async () => {
    expect((await run(registry.named('testcontainers/ryuk:0.9.0'), 'docker ps -q')).status).toBe(0);
  });

  test('E08: an image made of one in the list is refused, and the text names its parent', async () => {
    const { status, stderr } = await run(derived, 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('docker socket mount denied for container with image "docker.io/e07/derived"');
    expect(stderr).toMatch(
      /its parent image \(localhost:5000\/(tools\/docker:cli|testcontainers\/ryuk:0\.9\.0)\)/,
    );
    expect(stderr).toContain('set allowDerivedImages to true');
  });

  test('E10: --use-api-socket is the same wish (CVE-2026-6406)', async () => {
    const { status, stderr } = await docker.run(['run', '--rm', '--use-api-socket', probe, 'true']);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/bulkhead/probe"',
    );
  });

  test.each([
    ['/var/run', '/r'],
    ['/run', '/r'],
    ['/run/docker', '/r'],
    ['/run/docker/docker.sock', '/s'],
    ['/var/run/docker/docker.sock', '/s'],
    ['/proc/1/root/run/docker.sock', '/s'],
    ['/run/bulkhead/sockets', '/r'],
  ])('E11: %s is not to be had, not even by an image in the list', async (source, target) => {
    for (const flags of [
      ['-v', `${source}:${target}`],
      ['--mount', `type=bind,source=${source},target=${target}`],
    ]) {
      const { status, stderr } = await docker.run(['run', '--rm', ...flags, cli(), 'true']);
      expect([flags, status]).not.toEqual([flags, 0]);
      expect(stderr).toContain('restricted host mount');
    }
  });

  test('E11: nor the socket of another container, by its own path', async () => {
    const path = holder.socket.replace(engine.path(''), '');
    const { status, stderr } = await docker.run(['run', '--rm', '-v', `${path}:/s`, cli(), 'true']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('restricted host mount');
    const body = { Image: cli(), Cmd: ['true'], HostConfig: { Binds: [`${path}:/s`] } };
    const raw = engine.rawSocket;
    const created = await callEngine(raw, { method: 'POST', path: '/containers/create', body });
    expect(created.text).toContain('restricted host mount');
  });

  test('E12, E17: denied commands are answered 403, by the client in the container as well', async () => {
    const pushed = await docker.run(['exec', holder.name, 'docker', 'push', 'x']);
    expect(pushed.stderr).toMatch(
      /docker command "\/v1\.\d+\/images\/docker\.io\/library\/x\/push\?tag=latest" is blocked/,
    );
    expect(pushed.stderr).toContain('Ada Lovelace');
    for (const [method, path] of [
      ['POST', '/v1.43/images/x/push?tag=latest'],
      ['POST', '/v1.43/plugins/pull?remote=x'],
      ['GET', '/v1.43/plugins'],
      ['POST', '/v1.43/auth'],
    ] as const) {
      const { status, text } = await callEngine(holder.socket, { method, path, body: {} });
      expect([path, status]).toEqual([path, 403]);
      expect(text).toContain(
        JSON.stringify(
          `docker command "${path}" is blocked; if you wish to allow it, configure the docker socket command list`,
        ).slice(1, -1),
      );
    }
    const installed = await docker.run(['exec', holder.name, 'docker', 'plugin', 'ls']);
    expect(installed.stderr).toContain('is blocked');
  });

  test.each([
    ['an encoded letter', 'POST /v1.43/%69mages/x/push HTTP/1.1', '', 403],
    ['an encoded slash', 'POST /v1.43/images%2fx%2Fpush HTTP/1.1', '', 403],
    ['no version', 'POST /images/x/push?tag=latest HTTP/1.1', '', 403],
    ['an older version', 'POST /v1.24/images/x/push HTTP/1.1', '', 403],
    ['a body in chunks', 'POST /v1.43/images/x/push HTTP/1.1', 'Transfer-Encoding: chunked\r\n', 403],
    ['an upgrade', 'POST /v1.43/images/x/push HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: h2c\r\n', 403],
    ['a doubled slash', 'POST //v1.43/images/x/push HTTP/1.1', '', 400],
    ['dot segments', 'POST /v1.43/images/../images/x/push HTTP/1.1', '', 400],
    ['encoded dot segments', 'POST /v1.43/images/%2e%2e/images/x/push HTTP/1.1', '', 400],
    ['another case', 'POST /v1.43/IMAGES/x/push HTTP/1.1', '', 404],
    ['HTTP/2 from the start', 'PRI * HTTP/2.0', '', 400],
  ])('E13: %s does not get it past the rule', async (_what, line, fields, status) => {
    const body = fields.startsWith('Transfer') ? '0\r\n\r\n' : '';
    const said = await talk(holder.socket, [`${line}\r\nHost: x\r\n${fields}\r\n${body}`]);
    expect(said.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(said.includes('is blocked')).toBe(status === 403);
  });

  test('E15: what is made through the socket is isolated, and has no socket of its own', async () => {
    const script =
      'docker run --rm --privileged bulkhead/probe cat /proc/self/uid_map; cat /proc/self/uid_map';
    const { stdout } = await docker.run(['exec', holder.name, 'sh', '-c', script]);
    const [inner = '', outer = ''] = stdout.split('\n');
    expect(parseIdMap(inner).base).toBeGreaterThanOrEqual(100_000);
    expect(disjoint(parseIdMap(inner), parseIdMap(outer))).toBe(true);
    const again = ['docker', 'run', '--rm', ...socketBind, 'bulkhead/probe', 'true'];
    const { status, stderr } = await docker.run(['exec', holder.name, ...again]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/bulkhead/probe"',
    );
    const allowed = ['docker', 'run', '--rm', ...socketBind, cli(), 'docker', 'push', 'x'];
    expect((await docker.run(['exec', holder.name, ...allowed])).stderr).toContain('is blocked');
  });

  test.each(['/', '/etc', '/var/lib/docker', '/run/docker/docker.sock'])(
    'E16: through the socket the VM cannot be bound: %s',
    async (source) => {
      const command = ['docker', 'run', '--rm', '-v', `${source}:/vm`, 'bulkhead/probe', 'ls', '/vm'];
      const { status, stderr } = await docker.run(['exec', holder.name, ...command]);
      expect(status).not.toBe(0);
      expect(stderr).toContain('restricted host mount');
    },
  );

  test("the developer's own socket has no list of commands", async () => {
    const { stderr } = await docker.run(['push', '-q', registry.named('tools/none')]);
    expect(stderr).not.toContain('is blocked');
    expect(stderr).toContain('does not exist');
  });

  test('E18: the list is active after each part was killed and the container was started again', async () => {
    const push = async (): Promise<string> => {
      const { stderr } = await docker.run(['exec', holder.name, 'docker', 'push', 'x']);
      return stderr;
    };
    for (const service of ['bulkheadd', 'dockerd'] as const) {
      await engine.replace(service);
      await eventually(async () => expect(await push()).toContain('is blocked'), 60_000);
      expect(
        await docker.ok(['exec', holder.name, 'docker', 'ps', '-q', '--filter', `name=${holder.name}`]),
      ).not.toBe('');
    }
    await docker.ok(['restart', '-t', '0', holder.name]);
    expect(await push()).toContain('is blocked');
    expect(
      await docker.ok(['exec', holder.name, 'docker', 'ps', '-q', '--filter', `name=${holder.name}`]),
    ).not.toBe('');
  }, 180_000);

  test('the socket goes with the container', async () => {
    await docker.ok(['rm', '-f', holder.name]);
    await eventually(async () => {
      expect(await readdir(engine.path('/run/bulkhead/sockets'))).toEqual([]);
    }, 30_000);
  });
});

describe('no list', () => {
  beforeAll(() => start({}), 120_000);

  test('E01: nobody has the socket', async () => {
    const { status, stderr } = await run(cli(), 'docker ps');
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
    () => start({ imageList: { images: ['*'] }, commandList: { type: 'allow', commands: ['ps'] } }),
    120_000,
  );

  test('E01, E03, E06, E10: local images have the socket as well', async () => {
    expect((await run(registry.local, 'docker ps -q')).status).toBe(0);
    expect((await run(probe, 'test -S /var/run/docker.sock')).status).toBe(0);
    const { status } = await docker.run([
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
    const { status, stderr } = await run(registry.local, `docker run --rm ${probe} true`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/docker command "\/v1\.\d+\/containers\/create" is blocked/);
    const commands = ['docker images', 'docker info', 'docker version', 'docker pull x', 'docker stop x'];
    const all = await run(registry.local, commands.map((command) => `${command} 2>&1; echo @@@`).join('; '));
    expect(all.stdout.split('@@@').map((answer) => answer.includes('is blocked'))).toEqual([
      ...commands.map(() => true),
      false,
    ]);
  });
});

describe('digests, ids and derived images, rules of their own, and no list of commands', () => {
  beforeAll(async () => {
    const digest = pinned.split('@')[1] ?? '';
    const images = [`localhost:5000/tools/docker@${digest}`, localId, 'localhost:5000/none:*'];
    const allow = (...commands: string[]) => ({ type: 'allow', commands });
    await start(
      { imageList: { images, allowDerivedImages: true } },
      { socketRules: [{ image: localId, commandList: allow('ps', 'exec', 'run') }] },
    );
  }, 120_000);

  test('E04, E12, E14, E17, E19: the digest that is pinned is allowed, with every command, and no registry is asked', async () => {
    const begun = performance.now();
    const { stdout, stderr } = await run(cli(), 'docker push x; docker plugin ls; docker images -q | wc -l');
    expect(stderr).not.toContain('is blocked');
    expect(stderr).toContain('does not exist');
    expect(Number(stdout.split('\n').at(-1))).toBeGreaterThan(0);
    expect(performance.now() - begun).toBeLessThan(25_000);
  });

  test('E04: another digest is not', async () => {
    const { status, stderr } = await run(probe, 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('image is not in the allowed list');
  });

  test('E07, E08: an image made of an allowed one is allowed', async () => {
    const name = 'e07/other';
    await docker.ok(['build', '-q', '-t', name, '-'], { input: `FROM ${cli()}\nRUN echo other >/own\n` });
    expect((await run(name, 'docker push x')).stderr).toContain('does not exist');
  });

  test('E09: not one that has its layers elsewhere, whatever it says of itself', async () => {
    const { status, stderr } = await run(rearrangedName, 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('image is not in the allowed list');
  });

  test('a rule for an image goes before the list, and its container gets nothing by way of another one', async () => {
    const narrow = await withSocket(localId);
    const wide = await withSocket(cli());
    const between = await docker.ok(['run', '-d', probe, 'sleep', '600']);
    const inside = (...command: string[]): Promise<Outcome> => docker.run(['exec', narrow.name, ...command]);
    try {
      expect((await inside('docker', 'images')).stderr).toContain('is blocked');
      expect((await inside('docker', 'ps', '-q')).status).toBe(0);
      expect((await inside('docker', 'exec', between, 'true')).status).toBe(0);
      await docker.ok(['run', '-d', ...socketBind, '--pid', `container:${between}`, cli(), 'sleep', '600']);
      const reaching = 'would give this container the Docker socket of another one';
      for (const command of [
        ['exec', wide.name, 'true'],
        ['exec', between, 'true'],
        ['run', '--rm', ...socketBind, cli(), 'true'],
        ['run', '--rm', '--pid', `container:${wide.name}`, probe, 'true'],
        ['run', '--rm', '--volumes-from', wide.name, cli(), 'true'],
      ])
        expect([command, (await inside('docker', ...command)).stderr]).toEqual([
          command,
          containing(reaching),
        ]);
      expect(
        (await inside('docker', 'run', '--rm', ...socketBind, localId, 'docker', 'images')).stderr,
      ).toContain('is blocked');
      expect((await inside('docker', 'exec', narrow.name, 'true')).status).toBe(0);
    } finally {
      const joined = await docker.ok(['ps', '-aq', '--no-trunc', '--filter', `ancestor=${cli()}`]);
      await docker.ok(['rm', '-f', narrow.name, between, ...joined.split('\n')]);
    }
  }, 120_000);
});
