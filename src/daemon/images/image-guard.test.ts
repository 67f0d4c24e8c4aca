import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../channel/test-support/streams.js';
import { createLogger } from '../../common/log.js';
import { compileRules } from '../../egress/index.js';
import { parseRequestHead } from '../../gate/http/request-head.js';
import { operationOf } from '../../gate/operations.js';
import { RequestBody } from '../../gate/request-body.js';
import { publishersAt, readSettings } from '../../policy/index.js';
import { cacheIdOf, digestOf, type Written, writeDockerdFiles } from './dockerd-files.test-support.js';
import { createImageGuard, type ImageGuard } from './image-guard.js';
import { chainsOf } from './layer-chain.js';
import { readImageRecords } from './image-records.js';
import { NotedLayers } from './noted-layers.js';
import { PulledImages } from './pulled-images.js';

const [base, upper, own] = [digestOf('a'), digestOf('b'), digestOf('c')];
const [evil, good, mine, tagged] = [digestOf('1'), digestOf('2'), digestOf('3'), digestOf('4')];
const container = 'f'.repeat(64);
const evilRepository = 'docker.io/someuser/x';

const written: Written = {
  images: [
    {
      id: evil,
      layers: [base, upper],
      names: ['someuser/x:1', `someuser/x@${digestOf('d')}`, 'library/forged:1'],
    },
    { id: good, layers: [base], names: [`nginx@${digestOf('e')}`] },
    { id: mine, layers: [base, upper, own], names: ['mine:1'] },
    { id: tagged, layers: [base], names: [`ghcr.io/acme/x@${digestOf('9')}`] },
  ],
  sources: {
    [base]: [{ repository: 'docker.io/library/nginx' }, { repository: evilRepository }],
    [upper]: [{ repository: evilRepository }],
  },
  mounts: { [container]: [base], [`${container}-x`]: [base, upper] },
};
const references: Readonly<Record<string, string>> = { evil, good, mine, tagged };
const imageAccess = {
  hub: { official: true },
  rules: [{ repository: 'ghcr.io/acme/x', action: 'allow', tags: ['1'] }],
};

async function guardWith({
  free = false,
  files = written,
  ofContainer = good,
  dataRoot: directory,
}: { free?: boolean; files?: Written; ofContainer?: string; dataRoot?: string } = {}): Promise<ImageGuard> {
  const text = JSON.stringify({
    configurationFileVersion: 2,
    bulkhead: { contact: 'Ada', ...(free ? {} : { imageAccess }) },
  });
  const { settings } = readSettings(Buffer.from(text), 'policy');
  const dataRoot = directory ?? (await temporaryDirectory());
  writeDockerdFiles(dataRoot, files);
  return createImageGuard({
    rules: compileRules(settings, publishersAt(undefined, 0)),
    records: readImageRecords(dataRoot),
    memory: new PulledImages(await temporaryDirectory()),
    noted: new NotedLayers(await temporaryDirectory()),
    client: {
      call: async (_method, path) => {
        const id = references[decodeURIComponent(path.split('/')[2] ?? '')];
        return Promise.resolve({ status: id === undefined ? 404 : 200, body: JSON.stringify({ Id: id }) });
      },
    },
    recordOf: (id) =>
      id === container ? { imageId: ofContainer, image: 'named', name: 'web', labels: {} } : undefined,
    log: createLogger('test', new Writable({ write: (_chunk, _encoding, done) => done() })),
  });
}

const create = async (guard: ImageGuard, body: object): Promise<string> =>
  guard
    .judgeBody(
      { operation: operationOf('POST', '/containers/create') },
      new RequestBody(JSON.stringify(body)),
    )
    .then(
      () => 'made',
      (error: unknown) => String(error),
    );

describe('POST /containers/create', () => {
  test('is held against what an image was pulled by, not against its tags', async () => {
    const guard = await guardWith();
    expect(await create(guard, { Image: 'evil' })).toMatch(
      /image access denied: community images not allowed: evil comes from docker\.io\/someuser\/x@sha256:d+, which is refused by rule image-access \(bulkhead\.imageAccess\.hub\.community\)\..*ask Ada/,
    );
    expect(await create(guard, { Image: 'mine' })).toContain('mine comes from docker.io/someuser/x@');
    expect(await create(guard, { Image: 'good' })).toBe('made');
    expect(await create(guard, { Image: 'none' })).toBe('made');
    expect(
      await create(guard, { Image: 'good', HostConfig: { Mounts: [{ Type: 'image', Source: 'evil' }] } }),
    ).toContain('evil comes from');
  });

  test('of whatever there is, where there are no rules', async () => {
    const guard = await guardWith({ free: true });
    expect(await create(guard, { Image: 'evil' })).toBe('made');
    expect(guard.refusalOf(container)).toBeUndefined();
  });
});

describe('a container that is about to start', () => {
  test('is held against the image it has', async () => {
    const { mounts: _, ...bare } = written;
    const unmounted = { ...bare, mounts: { [container]: [base] } };
    expect((await guardWith({ files: unmounted })).refusalOf(container)).toBeUndefined();
    expect((await guardWith({ files: unmounted, ofContainer: evil })).refusalOf(container)).toMatchObject({
      rule: 'image-access',
      code: 'BH_IMAGE_ORIGIN',
    });
    expect(
      (await guardWith({ files: unmounted, ofContainer: evil })).refusalOf('0'.repeat(64)),
    ).toBeUndefined();
  });

  test('and, where dockerd has no record of it, against its layers', async () => {
    const other = 'e'.repeat(64);
    const guard = await guardWith({ files: { ...written, mounts: { [other]: [base, upper] } } });
    expect(guard.refusalOf(other)?.message).toContain('its image comes from docker.io/someuser/x');
  });

  test('and against those it mounts', async () => {
    expect((await guardWith()).refusalOf(container)?.message).toContain(
      'an image it mounts comes from docker.io/someuser/x',
    );
  });

  test('and against its layers, where its image is gone', async () => {
    const files = { ...written, mounts: { [container]: [base, upper] } };
    const guard = await guardWith({ files, ofContainer: digestOf('8') });
    expect(guard.refusalOf(container)?.message).toContain('named comes from docker.io/someuser/x');
  });
});

test('a build step is held against the layers it is shown', async () => {
  const dataRoot = await temporaryDirectory();
  const guard = await guardWith({ dataRoot });
  const [lower = '', top = ''] = chainsOf([base, upper]).map((chain) =>
    join(dataRoot, 'overlay2', cacheIdOf(chain), 'diff'),
  );
  const step = join(dataRoot, 'overlay2/step/diff');
  expect(guard.refusalOfStep([[step, lower], [step]])).toBeUndefined();
  expect(
    guard.refusalOfStep([
      [step, lower],
      [step, top, lower],
    ]),
  ).toMatchObject({ code: 'BH_IMAGE_ORIGIN' });
  expect(guard.refusalOfStep([[step, lower, top]])?.message).toContain(
    'a build step is made of comes from docker.io',
  );
  expect((await guardWith({ free: true, dataRoot })).refusalOfStep([[top, lower]])).toBeUndefined();
});

test('a push by which the engine forgets where layers came from takes nothing away', async () => {
  const dataRoot = await temporaryDirectory();
  const files = { images: written.images ?? [], sources: { [upper]: [{ repository: evilRepository }] } };
  const forgotten = { ...files, sources: { [upper]: [] } };
  const guard = await guardWith({ dataRoot, files });
  expect(await create(guard, { Image: 'mine' })).toContain('mine comes from docker.io/someuser/x@');
  await guard.beforePush({ operation: operationOf('POST', '/images/mine/push') });
  writeDockerdFiles(dataRoot, forgotten);
  expect(await create(guard, { Image: 'mine' })).toContain('mine comes from docker.io/someuser/x@');
  // It is known from nothing else.
  const other = await guardWith({ dataRoot, files: forgotten });
  expect(await create(other, { Image: 'mine' })).toBe('made');
  expect(guard.beforePush({ operation: operationOf('POST', '/images/mine/tag') })).toBeUndefined();
});

describe('a pull', () => {
  const pull = (guard: ImageGuard, query: string, ...lines: readonly object[]): boolean => {
    const target = `/images/create?${query}`;
    const request = parseRequestHead([`POST ${target} HTTP/1.1`, 'Host: x']);
    const watch = guard.watch({ operation: operationOf('POST', '/images/create'), request }, 200);
    watch?.([Buffer.from(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''))]);
    return watch !== undefined;
  };
  const lines = (tag: string) => [
    { status: 'Pulling from acme/x', id: tag },
    { status: `Digest: ${digestOf('9')}` },
    { status: 'Status: Image is up to date' },
  ];

  test('says which tag an image has, and no other tag does', async () => {
    const guard = await guardWith();
    const refused = 'other versions of it are allowed';
    expect(await create(guard, { Image: 'tagged' })).toContain(refused);
    expect(pull(guard, 'fromImage=ghcr.io/acme/x&tag=2', ...lines('2'))).toBe(true);
    expect(await create(guard, { Image: 'tagged' })).toContain(refused);
    // Of another repository, the engine has no image by that digest.
    pull(guard, 'fromImage=ghcr.io/acme/y&tag=1', ...lines('1'));
    expect(await create(guard, { Image: 'tagged' })).toContain(refused);
    pull(guard, 'fromImage=ghcr.io/acme/x&tag=1', ...lines('1'));
    expect(await create(guard, { Image: 'tagged' })).toBe('made');
  });

  test('that may be read in two ways, or is none, says nothing', async () => {
    const guard = await guardWith();
    expect(pull(guard, 'fromImage=ghcr.io/acme/x&fromImage=ghcr.io/acme/y&tag=1', ...lines('1'))).toBe(false);
    expect(pull(guard, 'fromSrc=-&repo=ghcr.io/acme/x', ...lines('1'))).toBe(false);
    expect(await create(guard, { Image: 'tagged' })).toContain('other versions');
  });
});

describe('what the gateway saw pulled', () => {
  const repository = 'ghcr.io/acme/x';
  const digest = digestOf('9');
  const files = {
    images: [{ id: mine, layers: [upper, own], names: [] }],
    sources: { [upper]: [{ repository }] },
  };
  const built = async (): Promise<ImageGuard> => guardWith({ files });

  test('is what an image is made of that was built upon it, with its tag', async () => {
    const guard = await built();
    expect(await create(guard, { Image: 'mine' })).toContain('other versions of it are allowed');
    guard.remember({
      names: [{ repository, tag: '2', digest }],
      image: { id: digestOf('5'), layers: [upper] },
    });
    expect(await create(guard, { Image: 'mine' })).toContain('mine comes from ghcr.io/acme/x:2@');
    guard.remember({ names: [{ repository, tag: '1', digest }] });
    expect(await create(guard, { Image: 'mine' })).toBe('made');
  });

  test('says nothing of other layers, nor of other digests', async () => {
    const guard = await built();
    const name = { repository, tag: '1', digest };
    guard.remember({ names: [name], image: { id: digestOf('5'), layers: [base] } });
    guard.remember({
      names: [{ repository, digest: digestOf('8') }],
      image: { id: digestOf('6'), layers: [upper] },
    });
    guard.remember({ names: [name] });
    expect(await create(guard, { Image: 'mine' })).toContain('other versions of it are allowed');
  });
});
