import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileWork, fileWorkLines } from '../acceptance/share-rows.ts';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import { askTcp } from '../support/port-client.ts';
import { portImage } from '../support/port-image.ts';
import { processTree, wordsOf } from '../support/process-tree.ts';

/**
 * A VM of somebody who is not root: one who has neither an entry in /etc/passwd nor a group, nor ids of `/etc/subuid`. What containers write is that user's, and where
 * that user has no rights they have none.
 */
const user = 54_321;

let dir = '';
let shared = '';
let instance: Instance;
let docker: Docker;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-user-'));
  shared = join(dir, 'shared');
  await chown(dir, user, user);
  for (const made of [join(dir, 'run'), shared]) await ofUser(made);
  instance = instanceAt({ name: 'user', dir, image: await builtImageDir(), user });
  await instance.up(240, '--share', shared);
  docker = createDocker(instance.dockerHost);
}, 600_000);
afterAll(async () => {
  await instance.run('down');
  for (const pid of await instance.processes()) process.kill(pid, 'SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** A directory of the user's. */
async function ofUser(directory: string): Promise<string> {
  await mkdir(directory, { mode: 0o700 });
  await chown(directory, user, user);
  return directory;
}

const sh = async (flags: readonly string[], script: string): Promise<string> =>
  docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script]);

/** Everything below a directory of which the user is not the owner, or another group than the user's the group. */
function ofOthers(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const { uid, gid } = lstatSync(join(directory, path));
    return uid !== user || gid !== user;
  });
}

test('every process of the VM is that user’s: as real, effective, saved and file system id, with no group beside', async () => {
  const { pid = 0 } = await instance.status();
  const tree = processTree(pid);
  expect(tree.map(({ name }) => name)).toContain('qemu-system-x86');
  expect(tree.some((each) => wordsOf(each).some((word) => basename(word) === 'virtiofsd'))).toBe(true);
  const found = new Set([...tree.map((each) => each.pid), ...(await instance.processes())]);
  for (const each of found) {
    const status = readFileSync(`/proc/${each}/status`, 'utf8');
    const ids = ['Uid', 'Gid', 'Groups'].map((key) => new RegExp(`^${key}:(.*)$`, 'm').exec(status)?.[1]);
    const all = Array.from({ length: 4 }, () => user).join('\t');
    expect([each, ...ids.map((id) => id?.trim())]).toEqual([each, all, all, '']);
  }
});

test.each([
  ['0:0', 'root'],
  ['1000:1000', 'uid-1000'],
])('D09: what user %s of a container writes is on the host that user’s', async (inside, name) => {
  const work = await ofUser(join(shared, name));
  writeFileSync(join(work, 'theirs'), 'of the host\n', { mode: 0o600 });
  await chown(join(work, 'theirs'), user, user);
  const flags = ['-u', inside, '-v', `${work}:/w`];
  expect(await sh(flags, 'cat /w/theirs; echo more >> /w/theirs; stat -c %u:%g /w/theirs')).toBe(
    `of the host\n${inside}`,
  );
  expect(readFileSync(join(work, 'theirs'), 'utf8')).toBe('of the host\nmore\n');
  expect(await sh(flags, `rm /w/theirs; ${fileWork}; mkdir -p x/y; touch x/y/z`)).toBe(
    fileWorkLines(inside).join('\n'),
  );
  expect(readdirSync(work, { recursive: true, encoding: 'utf8' }).toSorted()).toEqual([
    'b',
    'x',
    'x/y',
    'x/y/z',
  ]);
  expect(ofOthers(work)).toEqual([]);
});

test('D09: the user of an image writes what is the user’s', async () => {
  const work = await ofUser(join(shared, 'of-image'));
  writeFileSync(join(work, 'file'), '', { mode: 0o600 });
  await chown(join(work, 'file'), user, user);
  const dockerfile = `FROM ${probe}\nUSER 4321:1234\n`;
  await docker.ok(['build', '-q', '-t', 'of-user', '-'], { input: dockerfile });
  const script = 'echo x > /w/file; echo y > /w/made; stat -c %u:%g /w /w/file /w/made';
  const said = await docker.ok(['run', '--rm', '-v', `${work}:/w`, 'of-user', 'sh', '-c', script]);
  expect(said.split('\n')).toEqual(Array.from({ length: 3 }, () => '4321:1234'));
  expect(readFileSync(join(work, 'file'), 'utf8')).toBe('x\n');
  expect(ofOthers(work)).toEqual([]);
});

test('D14: a file the user may not read is not read by any container, nor written, nor does it change hands', async () => {
  const work = await ofUser(join(shared, 'of-root'));
  writeFileSync(join(work, 'secret'), 'of root\n', { mode: 0o600 });
  writeFileSync(join(work, 'public'), 'of root\n', { mode: 0o644 });
  await mkdir(join(work, 'closed'), { mode: 0o755 });
  const script = [
    'cat /w/public',
    'for f in secret public; do (echo x >> /w/$f) 2>/dev/null && echo wrote $f; chmod 666 /w/$f 2>/dev/null && echo opened $f; done',
    'cat /w/secret 2>/dev/null && echo read; touch /w/closed/x 2>/dev/null && echo made; chown 0:0 /w/secret',
    'cat /w/secret 2>/dev/null && echo owned; echo done',
  ].join('; ');
  for (const flags of [[], ['--privileged'], ['-u', '1000:1000'], ['-u', `${user}:${user}`]])
    expect(await sh([...flags, '-v', `${work}:/w`], `(${script}) 2>/dev/null`)).toBe('of root\ndone');
  expect(readFileSync(join(work, 'secret'), 'utf8')).toBe('of root\n');
  expect(readFileSync(join(work, 'public'), 'utf8')).toBe('of root\n');
  for (const [name, mode] of [
    ['secret', 0o600],
    ['public', 0o644],
  ] as const)
    expect(statSync(join(work, name))).toMatchObject({ uid: 0, gid: 0, mode: 0o100000 | mode });
  expect(readdirSync(join(work, 'closed'))).toEqual([]);
});

test('a published port answers', async () => {
  await docker.ok(['run', '-d', '--name', 'echo', '-p', '127.0.0.1::80', await portImage(docker)]);
  const port = Number((await docker.ok(['port', 'echo', '80/tcp'])).split(':').at(-1));
  expect(port).toBeGreaterThan(1023);
  expect(await askTcp('127.0.0.1', port, 'to a user')).toBe('to a user');
});

test('`down` leaves no process, no socket and nothing that is not the user’s', async () => {
  expect((await instance.run('down')).status).toBe(0);
  expect(await instance.processes()).toEqual([]);
  expect(existsSync(instance.dockerSocket)).toBe(false);
  const own = readdirSync(dir).filter((name) => name !== 'places' && name !== 'shared');
  expect(own).toEqual(expect.arrayContaining(['run', 'state', 'cache']));
  expect(own.filter((name) => ofOthers(join(dir, name)).length > 0)).toEqual([]);
}, 120_000);
