import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attemptImage } from '../support/attempt-image.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { hostSentinels } from '../support/host-sentinels.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { tarArchive, type TarMember } from '../support/tar-archive.ts';

/**
 * Rows D15 and R9.1.13: what `PUT` and `GET /containers/x/archive` and `export` read and write in a container that helps the attacker.
 * dockerd works there as root of the VM. What it may not touch is another volume, which it could write, and a directory of the host
 * beside the one that is shared.
 */
let dir: string;
let engine: OwnEngine;
let docker: Docker;
let image: string;
let container: string;
let victim: string;
let before: unknown;
let untouched: unknown;
const containers: string[] = [];
const volumes: string[] = [];
let mounts: readonly string[] = [];
const secret = 'kept from the attacker';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-archives-'));
  for (const name of ['share', 'outside', 'copies']) mkdirSync(join(dir, name));
  engine = await startOwnEngine('archives', {
    shares: [{ path: join(dir, 'share'), readOnly: false }],
  });
  docker = createDocker(engine.dockerHost);
  image = await attemptImage(docker);
  const [owned, attacked] = [unique('victim'), unique('attacked')];
  volumes.push(owned, attacked);
  await docker.ok(['volume', 'create', owned]);
  victim = `/var/lib/docker/volumes/${owned}/_data`;
  for (const place of [join(dir, 'outside'), engine.internals.path(victim)]) {
    mkdirSync(join(place, 'sub'));
    for (const file of ['held', 'sub/held']) writeFileSync(join(place, file), secret);
  }
  container = unique('attacker');
  containers.push(container);
  mounts = ['-v', `${attacked}:/volume`, '-v', `${join(dir, 'share')}:/bind`];
  await docker.ok(['run', '-d', '--name', container, ...mounts, image, 'sleep', '3600']);
  await inside('mkdir /root-of-it');
  before = await sentinels();
  untouched = victims();
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...containers]);
  await docker.run(['volume', 'rm', '-f', ...volumes]);
  await engine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const places = ['/root-of-it', '/volume', '/bind'] as const;
const inside = async (script: string): Promise<string> => docker.ok(['exec', container, 'sh', '-c', script]);
const archivePath = (path: string, of = container): string =>
  `/containers/${of}/archive?path=${encodeURIComponent(path)}`;
const put = async (path: string, members: readonly TarMember[], of = container): Promise<number> => {
  const request = { method: 'PUT', path: archivePath(path, of), body: tarArchive(members) };
  const headers = { 'content-type': 'application/x-tar' };
  return (await callEngine(engine.socket, { ...request, headers })).status;
};
const get = async (path: string): Promise<string> =>
  (await callEngine(engine.socket, { method: 'GET', path })).text;

/** Every file of a directory: content, mode and owner. */
function tree(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(root, name);
      const found = lstatSync(path);
      const { mode, uid, gid, nlink } = found;
      const content = found.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
      return [name, mode.toString(8), uid, gid, nlink, content].join(' ');
    });
}

const victims = (): unknown => ({
  volume: tree(engine.internals.path(victim)),
  outside: tree(join(dir, 'outside')),
  beside: readdirSync(dir).sort(),
});
const sentinels = async (): Promise<unknown> => ({
  engine: await hostSentinels(engine.internals),
  victims: victims(),
});

/** What an archive brings that is to be written somewhere else than where it says it goes. */
const hostile = (outside: string): readonly (readonly TarMember[])[] => {
  const up = `${'../'.repeat(12)}${outside.slice(1)}`;
  return [
    [{ name: `${up}/planted` }],
    [{ name: `${outside}/planted` }],
    [{ name: `sub/../${up}/planted` }],
    [{ name: 'absolute', kind: 'link', target: outside }, { name: 'absolute/planted' }],
    [{ name: 'relative', kind: 'link', target: up }, { name: 'relative/planted' }],
    [
      { name: 'held', kind: 'link', target: `${outside}/held` },
      { name: 'held', content: 'overwritten' },
    ],
    [
      { name: 'way', kind: 'link', target: outside },
      { name: 'way', kind: 'directory', mode: 0o777 },
      { name: 'way/planted' },
    ],
    [
      { name: 'same', kind: 'hard link', target: `${outside}/held` },
      { name: 'same', content: 'overwritten' },
    ],
    [
      { name: 'climbing', kind: 'hard link', target: `${up}/held` },
      { name: 'climbing', content: 'overwritten' },
    ],
    [
      { name: 'by-link', kind: 'link', target: outside },
      { name: 'hard', kind: 'hard link', target: 'by-link/held' },
    ],
    [{ name: 'w', kind: 'link', target: outside }, { name: 'w/.wh.held' }, { name: 'w/.wh..wh..opq' }],
    [{ name: `${up}/.wh.held` }],
    [{ name: up, kind: 'directory', mode: 0o777, uid: 1000, gid: 1000 }],
  ];
};

test.each(places)(
  'D15: an archive put into %s writes nowhere else, whatever its members are called and link to',
  async (place) => {
    const targets = [victim, join(dir, 'outside')];
    const archives = targets.flatMap(hostile);
    await inside(archives.map((_, index) => `mkdir -p ${place}/archive${index}/sub`).join('; '));
    for (const [index, members] of archives.entries()) {
      await put(`${place}/archive${index}`, members);
      expect([index, victims()]).toEqual([index, untouched]);
    }
    expect(await sentinels()).toEqual(before);
    const seen = await inside(`cat ${place}/archive*/* ${place}/archive*/*/* 2>/dev/null; echo`);
    expect(seen).not.toContain(secret);
    expect(await get(archivePath(place))).not.toContain(secret);
  },
);

const devices: readonly TarMember[] = [
  { name: 'memory', kind: 'character device', device: [1, 1], mode: 0o666 },
  { name: 'terminal', kind: 'character device', device: [4, 1], mode: 0o666 },
  { name: 'zero', kind: 'character device', device: [1, 5], mode: 0o666 },
  { name: 'disk', kind: 'block device', device: [254, 0], mode: 0o666 },
];

test.each(places)(
  'D10: an archive put into %s leaves the owners and modes it says, and no device that opens',
  async (place) => {
    await inside(`mkdir ${place}/owners`);
    const status = await put(`${place}/owners`, [
      { name: 'root', mode: 0o4755, content: 'x' },
      { name: 'user', uid: 1234, gid: 4321, mode: 0o2640, content: 'x' },
    ]);
    expect(status).toBe(200);
    const stat = `cd ${place}/owners; stat -c '%n %u:%g %a' root user`;
    expect(await inside(stat)).toBe('root 0:0 4755\nuser 1234:4321 2640');
    // Of an id that the container has not, it sees nobody's.
    await put(`${place}/owners`, [{ name: 'other', uid: 200_000, gid: 200_000 }]);
    expect(await inside(`cd ${place}/owners; [ ! -e other ] || stat -c %u:%g other`)).toMatch(
      /^(65534:65534)?$/,
    );
    const made: string[] = [];
    for (const device of devices) {
      if ((await put(`${place}/owners`, [device])) === 200) made.push(device.name);
      const read = `head -c 1 ${place}/owners/${device.name} 2>/dev/null | wc -c`;
      expect([device.name, await inside(read)]).toEqual([device.name, '0']);
    }
    // In a directory of the host a node would be everybody's there, so only what gives nobody anything may be made.
    expect(made).toEqual(['zero']);
    expect(await sentinels()).toEqual(before);
  },
);

test('an image that brings a disk is not unpacked, so that no volume is filled with it', async () => {
  await writeFile(join(dir, 'node.tar'), tarArchive(devices.slice(-1)));
  const { status, stderr } = await docker.run(['import', join(dir, 'node.tar')]);
  expect([status === 0, stderr]).toEqual([false, expect.stringContaining('operation not permitted')]);
  await rm(join(dir, 'node.tar'));
});

test('D15: hard links and links to what is beside are copied to the host as what they are', async () => {
  const outside = join(dir, 'outside');
  const links = [
    `ln -s ${outside}/held absolute; ln absolute hard; ln -s ${outside} way; ln way way-too`,
    'echo own > file; ln file other; ln -s ../../outside/held up; ln up up-too',
  ];
  await inside(`mkdir /root-of-it/links; cd /root-of-it/links; ${links.join('; ')}`);
  const copy = join(dir, 'copies/links');
  // The second one is written over the links that the first has left.
  for (const source of ['links', 'links/.'])
    await docker.run(['cp', `${container}:/root-of-it/${source}`, copy]);
  expect(readFileSync(join(copy, 'other'), 'utf8')).toBe('own\n');
  expect(lstatSync(join(copy, 'hard')).isSymbolicLink()).toBe(true);
  expect(victims()).toEqual(untouched);
});

test('a still link leads an archive to where it leads in the container', async () => {
  await inside(`mkdir -p ${victim} && ln -s ${victim} /root-of-it/still`);
  expect(await put('/root-of-it/still', [{ name: 'planted', content: 'by the archive' }])).toBe(200);
  expect(await inside(`cat ${victim}/planted; rm -r ${victim}`)).toBe('by the archive');
  expect(await sentinels()).toEqual(before);
});

/** Directories and links that change places five thousand times a second, of each place a link of each kind. */
test('R9.1.13, D15: archives put, got and exported while directories are exchanged for links stay in the container', async () => {
  const raced = places.flatMap((place) =>
    [victim, `${'../'.repeat(12)}${victim.slice(1)}`, '../'.repeat(12) + join(dir, 'outside').slice(1)].map(
      (target, index) => ({ path: `${place}/race${index}`, target }),
    ),
  );
  const start = raced.map(({ path, target }) =>
    [`mkdir -p ${path}/d/sub`, `ln -s ${target} ${path}/l`, `attempt exchange ${path}/d ${path}/l &`].join(
      '; ',
    ),
  );
  const racer = unique('racer');
  containers.push(racer);
  const script = `mkdir /root-of-it\n${start.join('\n')}\necho racing; wait`;
  await docker.ok(['run', '-d', '--name', racer, ...mounts, image, 'sh', '-c', script]);
  await expect.poll(async () => docker.ok(['logs', racer]), { timeout: 30_000 }).toContain('racing');
  const racing = async (): Promise<number> =>
    (await docker.ok(['top', racer])).match(/attempt exchange \S+\/d \S+\/l$/gm)?.length ?? 0;
  expect(await racing()).toBe(raced.length);
  const members = [
    { name: 'held', content: 'overwritten' },
    { name: 'planted', mode: 0o4755, content: 'x' },
    { name: 'sub', kind: 'directory', uid: 1000, mode: 0o777 },
    { name: 'sub/held', content: 'overwritten' },
  ] as const;
  const read: string[] = [];
  for (let round = 0; round < 3; round += 1)
    for (const { path } of raced) {
      // Side by side, because each makes dockerd look anew at what the container has done meanwhile.
      const [, , ...got] = await Promise.all([
        put(`${path}/d`, members, racer),
        put(`${path}/d/sub`, members, racer),
        get(archivePath(`${path}/d`, racer)),
        get(archivePath(`${path}/d/sub/held`, racer)),
        get(`/containers/${racer}/changes`),
      ]);
      read.push(...got);
    }
  read.push(await get(`/containers/${racer}/export`));
  // Out to the host, where what was a directory may come as a link and what was in it after that.
  for (const [index, { path }] of [...raced, ...raced].entries())
    await docker.run(['cp', `${racer}:${path}`, join(dir, 'copies', `${index}`)]);
  expect(readdirSync(join(dir, 'copies')).length).toBeGreaterThan(0);
  expect(await racing()).toBe(raced.length);
  await docker.ok(['rm', '-f', racer]);
  expect(read.filter((text) => text.includes(secret))).toEqual([]);
  expect(await sentinels()).toEqual(before);
}, 120_000);

test('the victim is there to be read, and the test notices what is written', async () => {
  const reader = ['run', '--rm', '-v', `${volumes[0] ?? ''}:/v`, probe];
  expect(await docker.ok([...reader, 'cat', '/v/held'])).toBe(secret);
  await docker.ok([...reader, 'touch', '/v/planted']);
  expect(await sentinels()).not.toEqual(before);
});
