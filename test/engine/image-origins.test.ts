import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writtenAudit } from '../support/audit.ts';
import { builtImageDir } from '../support/built-image.ts';
import { type Docker, type Outcome, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import type { EngineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { foreignArchive } from '../support/foreign-archive.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { type SuccessiveEngines, successiveEngines } from '../support/successive-engines.ts';

/**
 * Images that are there when rules of images come: one machine, first without a policy, then with one, then without again. What a developer does before and
 * after, so that an image is not known for what it is, is done here.
 */
const registryPort = '5000';
const at = `localhost:${registryPort}`;
const refused = 'image access denied: ';

let machine: SuccessiveEngines;
let docker: Docker;
let internals: EngineInternals;
let registry: Registry;
let context: string;
let pinned = '';

/** An image with a file of its own. @param from `scratch` has a layer for all of it. */
async function build(name: string, from = 'scratch', env: Record<string, string> = {}): Promise<void> {
  const files = from === 'scratch' ? `COPY --from=${probe} / /\n` : '';
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM ${from}\n${files}COPY own /own-${name.replaceAll(/\W/g, '-')}\n`,
  );
  await writeFile(join(context, 'own'), name);
  await docker.ok(['build', '-q', '-t', name, context], { env });
}

const digestOf = async (name: string): Promise<string> =>
  (await docker.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', name])).split('@')[1] ?? '';

async function create(image: string, ...options: readonly string[]): Promise<Outcome> {
  const outcome = await docker.run(['create', ...options, image, 'true']);
  if (outcome.status === 0) await docker.ok(['rm', outcome.stdout.trim()]);
  return outcome;
}

/** Past the gate, as when a name leads to another image by the time dockerd reads it. */
async function createRaw(name: string, body: object): Promise<void> {
  const made = await callEngine(internals.rawSocket, {
    method: 'POST',
    path: `/containers/create?name=${name}`,
    body: { Cmd: ['true'], ...body },
  });
  expect(made).toMatchObject({ status: 201 });
}

async function start(policy?: object): Promise<void> {
  ({ docker, internals } = await machine.start(policy));
}

beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'bulkhead-origins-'));
  // With the containerd image store there is less to know an image by.
  machine = await successiveEngines('image-origins', join(await builtImageDir(), 'root.erofs'));
  await start();
  registry = await startRegistry(docker, registryPort);
  const paths = [
    'evil/x:1',
    'evil/y:1',
    'good/x:1',
    'good/late:1',
    'good/tagged:1',
    'good/tagged:2',
    'good/pinned:1',
    'good/pinned:2',
  ];
  for (const path of paths) {
    await build(path);
    const name = await registry.push(path, path);
    if (path === 'good/pinned:1') pinned = await digestOf(name);
    await docker.ok(['rmi', path, name]);
  }
  await docker.ok(['builder', 'prune', '-af']);
  for (const path of paths.filter((name) => !/y|late/.test(name)))
    await docker.ok(['pull', '-q', `${at}/${path}`]);

  await docker.ok(['run', '--name', 'old', `${at}/evil/x:1`, 'true']);
  await docker.ok(['commit', 'old', 'mine:committed']);
  await docker.ok(['run', '--name', 'unpinned', `${at}/good/pinned:2`, 'true']);
  await docker.ok(['commit', 'unpinned', 'mine:unpinned']);
  await docker.ok(['tag', `${at}/evil/x:1`, 'mine:tagged']);
  await docker.ok(['tag', `${at}/evil/x:1`, `${at}/good/x:forged`]);
  await build('mine:built', `${at}/evil/x:1`);
  await build('mine:fetched', `${at}/evil/y:1`);
  await build('mine:classic', `${at}/evil/x:1`, { DOCKER_BUILDKIT: '0' });
  await build('mine:own');
  await build('mine:on-good', `${at}/good/x:1`);
  await docker.ok(['tag', `${at}/good/tagged:2`, `${at}/good/tagged:1-too`]);
  // What dockerd has of where it came from is taken away.
  await docker.ok(['rmi', `${at}/evil/x@${await digestOf(`${at}/evil/x:1`)}`]);
  const archive = join(context, 'saved.tar');
  await build('mine:saved', `${at}/evil/x:1`);
  await docker.ok(['save', '-o', archive, 'mine:saved']);
  await docker.ok(['rmi', 'mine:saved']);
  await docker.ok(['load', '-q', '-i', archive]);
}, 240_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await rm(context, { recursive: true, force: true });
});

/** Each but its own name says nothing of where it came from. */
const notAdmitted = [
  `${at}/evil/x:1`,
  'mine:tagged',
  `${at}/good/x:forged`,
  'mine:committed',
  'mine:built',
  'mine:classic',
  'mine:fetched',
  'mine:saved',
  `${at}/good/tagged:2`,
  `${at}/good/tagged:1-too`,
  `${at}/good/pinned:2`,
  'mine:unpinned',
];
const admitted = [
  `${at}/good/x:1`,
  `${at}/good/tagged:1`,
  `${at}/good/pinned:1`,
  'mine:own',
  'mine:on-good',
  probe,
];

test('without rules all of them can be used', async () => {
  for (const image of [...notAdmitted, ...admitted])
    expect([image, (await create(image)).stderr]).toEqual([image, '']);
});

describe('when rules have come', () => {
  beforeAll(async () => {
    await start({
      bulkhead: {
        contact: 'Ada <ada@example.org>',
        imageAccess: {
          rules: [
            { repository: `${at}/good/**`, action: 'allow' },
            { repository: `${at}/good/tagged`, action: 'allow', tags: ['1*'] },
            { repository: `${at}/good/pinned`, action: 'allow', digests: [pinned] },
          ],
          load: 'allow',
        },
      },
    });
    const server = await docker.ok(['ps', '-aq', '--filter', 'ancestor=bulkhead-test/registry']);
    await docker.ok(['start', server]);
    await eventually(() => docker.ok(['pull', '-q', `${at}/good/x:1`]), 60_000);
  }, 120_000);

  test('no container is made of an image that they do not admit, whatever it is called now', async () => {
    const answers = new Map<string, string>();
    for (const image of notAdmitted) answers.set(image, (await create(image)).stderr);
    expect([...answers].filter(([, said]) => !said.includes(refused))).toEqual([]);
    expect(answers.get('mine:tagged')).toMatch(
      /no rule names its repository: mine:tagged comes from localhost:5000\/evil\/x:1@sha256:.* rule image-access \(bulkhead\.imageAccess\.default\)\. Setting: bulkhead\.imageAccess\..* ask Ada <ada@example\.org>.*BH_IMAGE_ORIGIN/s,
    );
    const id = await docker.ok(['image', 'inspect', '-f', '{{.Id}}', 'mine:tagged']);
    expect((await create(id)).stderr).toContain(refused);
    expect((await create(id.slice(7, 19))).stderr).toContain(refused);
  });

  test('containers are made of what they admit, and of what was made of that', async () => {
    for (const image of admitted) expect([image, (await create(image)).stderr]).toEqual([image, '']);
    await docker.ok(['pull', '-q', `${at}/good/late:1`]);
    expect((await create(`${at}/good/late:1`)).status).toBe(0);
    expect(await docker.ok(['run', '--rm', `${at}/good/x:1`, 'echo', 'runs'])).toBe('runs');
  });

  test('what comes out of an archive, where that is allowed, counts as made here if no registry is known to have had it, whatever it is called', async () => {
    const archive = join(context, 'foreign.tar');
    const name = `${at}/evil/foreign:1`;
    await writeFile(archive, foreignArchive(name));
    await docker.ok(['load', '-q', '-i', archive]);
    expect((await create(name)).stderr).toBe('');
    await docker.ok(['rmi', name]);
  });

  test('nor is an image mounted that they do not admit', async () => {
    const mount = (image: string) => ['--mount', `type=image,source=${image},target=/i`];
    expect((await create(`${at}/good/x:1`, ...mount('mine:tagged'))).stderr).toContain(refused);
    expect((await create(`${at}/good/x:1`, ...mount('mine:own'))).status).toBe(0);
  });

  test('a container that is there is not started, nor one that was made by a name that led elsewhere', async () => {
    await createRaw('raced', { Image: 'mine:tagged' });
    const mounts = [{ Type: 'image', Source: 'mine:tagged', Target: '/i' }];
    await createRaw('raced-mount', { Image: `${at}/good/x:1`, HostConfig: { Mounts: mounts } });
    await createRaw('not-raced', { Image: `${at}/good/x:1` });
    for (const name of ['old', 'raced', 'raced-mount']) {
      const { status, stderr } = await docker.run(['start', name]);
      expect([name, status]).toEqual([name, 1]);
      expect(stderr).toMatch(
        /image access denied: no rule names its repository: .* comes from localhost:5000\/evil\/x/,
      );
    }
    expect((await docker.run(['start', 'not-raced'])).stderr).toBe('');
    // The image itself is gone: its layers are not.
    await docker.ok(['rmi', '-f', `${at}/good/x:forged`, 'mine:tagged', `${at}/evil/x:1`]);
    expect((await docker.run(['start', 'old'])).stderr).toContain(refused);
  });

  test('nor does its pull under another tag, or a build, admit an image', async () => {
    await docker.ok(['tag', `${at}/good/tagged:2`, `${at}/good/tagged:1`]);
    expect((await create(`${at}/good/tagged:1`)).stderr).toContain('other versions of it are allowed');
    await docker.ok(['pull', '-q', `${at}/good/tagged:1`]);
    expect((await create(`${at}/good/tagged:1`)).status).toBe(0);
    await build('mine:again', 'mine:built');
    expect((await create('mine:again')).stderr).toContain(refused);
  });

  test('nor does a build run anything in one, or with its files', async () => {
    const run = async (text: string, env: Record<string, string> = {}): Promise<Outcome> => {
      await writeFile(join(context, 'Dockerfile'), text);
      return docker.run(['build', context], { env: { BUILDKIT_PROGRESS: 'plain', ...env } });
    };
    const denied = 'image access denied: no rule names its repository';
    const classic = { DOCKER_BUILDKIT: '0' };
    for (const image of ['mine:built', 'mine:fetched', 'mine:committed']) {
      expect((await run(`FROM ${image}\nRUN echo ran > /ran\n`)).stderr).toContain(denied);
      expect((await run(`FROM ${image}\nRUN echo ran > /ran\n`, classic)).stderr).toContain(denied);
      const mounting = `FROM ${at}/good/x:1\nRUN --mount=from=${image},target=/m ls /m > /listed\n`;
      expect((await run(mounting)).stderr).toContain(denied);
    }
    for (const image of [`${at}/good/x:1`, 'mine:on-good', probe])
      for (const env of [{}, classic])
        expect(await run(`FROM ${image}\nRUN echo ran > /ran\n`, env)).toMatchObject({ status: 0 });
  });

  test('nor does a build take one from the engine’s own loopback, by whatever name, while what is admitted is pulled, built upon and pushed there', async () => {
    const pulled = async (from: string): Promise<Outcome> =>
      docker.run(['build', '--pull', '-'], {
        input: `FROM ${from}\nLABEL a=b\n`,
        env: { BUILDKIT_PROGRESS: 'plain' },
      });
    const denied =
      /image access denied: no rule names its repository: .*evil\/y:1 is refused by rule image-access .*Setting: bulkhead\.imageAccess\..* ask Ada <ada@example\.org>/;
    for (const host of ['localhost', '127.0.0.1', '127.0.0.2'])
      expect([host, (await pulled(`${host}:${registryPort}/evil/y:1`)).stderr]).toEqual([
        host,
        expect.stringMatching(denied),
      ]);
    expect((await pulled(`${at}/good/tagged:2`)).stderr).toContain('other versions of it are allowed');
    expect((await pulled(`${at}/good/pinned:2`)).stderr).toContain('its contents are none of those allowed');
    for (const image of ['good/x:1', 'good/tagged:1', 'good/pinned:1'])
      expect(await pulled(`${at}/${image}`)).toMatchObject({ status: 0 });
    const name = `${at}/good/pushed:1`;
    await docker.ok(['tag', 'mine:own', name]);
    await docker.ok(['push', '-q', name]);
    await docker.ok(['rmi', name]);
    await docker.ok(['pull', '-q', name]);
    await eventually(async () => {
      const events = await writtenAudit(internals);
      const refused = { kind: 'connection', outcome: 'refused', code: 'BH_IMAGE_ACCESS' };
      expect(events).toContainEqual(expect.objectContaining({ ...refused, who: { kind: 'engine' } }));
    }, 20_000);
  });

  test('nor does a push admit one that fails, though the engine strikes out then where layers came from', async () => {
    const layer = await docker.ok(['image', 'inspect', '-f', '{{index .RootFS.Layers 1}}', 'mine:fetched']);
    const notes = '/var/lib/docker/image/overlay2/distribution/v2metadata-by-diffid';
    const note = internals.path(join(notes, layer.replace(':', '/')));
    await access(note);
    const server = await docker.ok(['ps', '-q', '--filter', 'ancestor=bulkhead-test/registry']);
    await docker.ok(['stop', '-t', '0', server]);
    await using _closed = await startRegistry(docker, registryPort, [
      'REGISTRY_STORAGE_MAINTENANCE={"readonly":{"enabled":true}}',
    ]);
    const name = `${at}/good/never`;
    const pull = (): Promise<Outcome> => docker.run(['pull', name]);
    await eventually(async () => expect((await pull()).stderr).toContain('manifest unknown'), 60_000);
    await docker.ok(['tag', 'mine:fetched', `${name}:1`]);
    // It is tried for most of a minute.
    const push = request({
      socketPath: docker.socket,
      method: 'POST',
      path: `/images/${encodeURIComponent(name)}/push?tag=1`,
      headers: { 'x-registry-auth': 'e30=' },
    });
    push.on('error', () => undefined).end();
    await eventually(async () => expect(access(note)).rejects.toThrow('ENOENT'), 40_000);
    push.destroy();
    for (const image of ['mine:fetched', `${name}:1`])
      expect((await create(image)).stderr).toContain(refused);
  });

  test('both refusals are in the audit log, with rule and setting', async () => {
    const denied = { code: 'BH_IMAGE_ORIGIN', rule: 'image-access', setting: 'bulkhead.imageAccess' };
    await createRaw('audited', { Image: 'mine:built' });
    const id = await docker.ok(['inspect', '-f', '{{.Id}}', 'audited']);
    await docker.run(['start', 'audited']);
    await create('mine:built');
    await eventually(async () => {
      const events = await writtenAudit(internals);
      const refusals = events.filter((event) => 'code' in event && event.code === denied.code);
      expect(refusals).toContainEqual(
        expect.objectContaining({ kind: 'container', outcome: 'refused', container: id, ...denied }),
      );
      expect(refusals).toContainEqual(
        expect.objectContaining({
          kind: 'request',
          operation: 'ContainerCreate',
          image: 'mine:built',
          ...denied,
        }),
      );
    }, 20_000);
  });

  test('bulkheadd that is started again knows them as well', async () => {
    await internals.replace('bulkheadd');
    await eventually(() => docker.ok(['version']), 60_000);
    for (const image of [`${at}/good/tagged:2`, 'mine:fetched'])
      expect((await create(image)).stderr).toContain(refused);
    expect((await create(`${at}/good/tagged:1`)).stderr).toBe('');
  });
});

test('without them again what is there can be used, and a container that was refused starts', async () => {
  await start();
  expect((await create('mine:built')).status).toBe(0);
  expect((await docker.run(['start', 'old'])).status).toBe(0);
}, 90_000);
