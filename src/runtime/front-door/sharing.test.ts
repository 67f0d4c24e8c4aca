import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OverlayStage, Plan, SourceFact, StagedBind } from '../../isolation/plan.js';
import { leaseFiles } from '../lease-files.js';
import { RuntimeServer } from '../runtime-server.js';
import { canStage, makeFrontDoor, type TestFrontDoor } from './front-door.test-support.js';

const spec = { ociVersion: '1.2.1', root: { path: '/run/bulkhead/rootfs' }, linux: {} };

describe.skipIf(!canStage)('the front door', () => {
  let door: TestFrontDoor;
  let server: RuntimeServer;
  let root: string;
  let paths: string[];
  let facts: readonly SourceFact[];
  let change: (plan: Plan) => Plan;
  /** What happens between the look at the facts and the plan. */
  let meanwhile: () => void;

  beforeAll(async () => {
    door = await makeFrontDoor();
    root = join(door.directory, 'layers');
    for (const name of ['a/dir/sub', 'b/dir', 'snap/fs', 'merged/dir/sub', 'merged/link'])
      mkdirSync(join(root, name), { recursive: true });
    for (const name of ['a/dir/sub/low', 'a/hidden', 'b/dir/file', 'snap/fs/upper', 'merged/dir/file'])
      writeFileSync(join(root, name), name);
    symlinkSync('/etc', join(root, 'b/link'));
    server = new RuntimeServer({
      planner: {
        begin: () =>
          Promise.resolve({
            kind: 'inquiry',
            paths,
            idCount: 65_536,
            decide: (found, ids) => {
              facts = found;
              meanwhile();
              const base: Plan = {
                ids,
                root: { kind: 'bind', readonly: false },
                binds: [],
                namespaces: [],
                spec,
              };
              return { kind: 'plan', plan: change(base) };
            },
          }),
      },
      audit: () => undefined,
      onError: (error) => {
        throw error;
      },
      store: leaseFiles(join(door.directory, 'run/ids')),
    });
    await server.listen({ path: door.socket });
  });
  afterAll(async () => {
    await server?.close();
    door?.[Symbol.dispose]();
  });
  beforeEach(() => {
    meanwhile = () => undefined;
    change = (plan) => plan;
    paths = [join(root, 'a')];
  });

  const create = (id: string) =>
    door.run('--root', join(door.directory, 'state'), 'create', '--bundle', door.makeBundle('{}'), id);

  describe('holds namespaces', () => {
    test('and says which user namespace owns them', async () => {
      const child = spawn('unshare', ['-Un', '--map-root-user', 'sh', '-c', 'echo ready; exec cat']);
      await once(child.stdout, 'data');
      const own = (kind: string) => readlinkSync(`/proc/${child.pid}/ns/${kind}`);
      paths = [
        join(root, 'a'),
        `/proc/${child.pid}/ns/net`,
        `/proc/${child.pid}/ns/user`,
        '/proc/self/ns/user',
      ];
      door.setRunc('exit 0');
      expect(await create('owners')).toMatchObject({ code: 0, log: [] });
      const user = /\d+/.exec(own('user'))?.[0];
      expect(facts.slice(1)).toMatchObject([
        { realPath: own('net'), namespaceOwner: user, mount: { filesystem: 'nsfs' } },
        { realPath: own('user'), inode: user },
        { realPath: readlinkSync('/proc/self/ns/user') },
      ]);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    test('so that runc joins what was judged after its process has ended', async () => {
      const child = spawn('unshare', ['-Un', '--map-root-user', 'sh', '-c', 'echo ready; exec cat']);
      await once(child.stdout, 'data');
      const judged = readlinkSync(`/proc/${child.pid}/ns/net`);
      paths = [join(root, 'a'), `/proc/${child.pid}/ns/net`];
      const ended = once(child, 'exit');
      /* The pid is free from here on: what bears it when runc looks could be anything. */
      meanwhile = () => execFileSync('kill', ['-9', String(child.pid)]);
      change = (plan) => ({ ...plan, namespaces: [1] });
      door.setRunc(
        `cd ${door.directory}/run/stage; stat -c %i b1; nsenter --net=b1 readlink /proc/self/ns/net`,
      );
      const result = await create('swapped');
      await ended;
      expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
      expect(result.stdout.split('\n')).toEqual([/\d+/.exec(judged)?.[0], judged, '']);
    });
  });

  describe('makes overlays of bind sources', () => {
    const flags = {
      readonly: true,
      nosuid: true,
      nodev: true,
      noexec: false,
      idmap: false,
      recursive: false,
    };
    const bound = (
      source: string,
      within: string,
      stage: Partial<OverlayStage>,
      over: Partial<StagedBind> = {},
    ) => {
      const lower = [join(root, 'b'), join(root, 'a')];
      paths = [join(root, 'a'), source];
      const bind = { index: 1, ...flags, ...over, overlay: { lower, options: '', ...stage, within } };
      change = (plan) => ({ ...plan, binds: [bind] });
    };

    test('of several layers, read-only, with the ids of the container', async () => {
      bound(join(root, 'merged'), '/', {});
      door.setRunc(`cd ${door.directory}/run/stage; cat b1/dir/file b1/dir/sub/low; echo; stat -c %u b1/hidden
        touch b1/x 2>&1; awk '$5 ~ /stage.b1$/ { print $6 }' /proc/self/mountinfo`);
      const result = await create('readonly');
      expect(result).toMatchObject({ code: 0, log: [] });
      const [content, owner, refused, options] = result.stdout.split('\n');
      expect(content).toBe('b/dir/filea/dir/sub/low');
      expect(Number(owner)).toBeGreaterThanOrEqual(100_000);
      expect(refused).toContain('Read-only file system');
      expect(options).toMatch(/^ro,nosuid,nodev/);
    });

    test.each([
      ['a directory of it', 'merged/dir/sub', '/dir/sub', 'low\n'],
      ['a file of it', 'merged/dir/file', '/dir/file', 'b/dir/file'],
    ])('%s', async (_name, source, within, shown) => {
      bound(join(root, source), within, {});
      door.setRunc(`cd ${door.directory}/run/stage; if [ -d b1 ]; then ls b1; else cat b1; fi`);
      expect(await create('part')).toMatchObject({ code: 0, log: [], stdout: shown });
    });

    test('one may be written, and its files have the ids that are written on disk', async () => {
      const upper = { parent: join(root, 'snap'), name: 'fs', workName: 'bulkhead-work' };
      bound(join(root, 'merged'), '/', { upper }, { readonly: false });
      door.setRunc(`cd ${door.directory}/run/stage; cat b1/upper; rm b1/hidden; stat -c %u b1/dir`);
      const result = await create('writable');
      expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
      expect(readdirSync(join(root, 'snap/fs'))).toContain('hidden');
      expect(statSync(join(root, 'snap/fs/hidden')).isCharacterDevice()).toBe(true);
      expect(readFileSync(join(root, 'a/hidden'), 'utf8')).toBe('a/hidden');
    });

    test.each([
      [
        'a link in the layers',
        'merged/link',
        '/link',
        /link cannot be opened in the layers .*symbolic links/,
      ],
      ['a path the layers lack', 'merged/dir', '/gone', /gone cannot be opened in the layers/],
      ['a file where a directory was opened', 'merged/dir', '/dir/file', /is not what was opened/],
    ])('but refuses %s', async (_name, source, within, sentence) => {
      bound(join(root, source), within, {});
      const result = await create('refused');
      expect(result.code).toBe(1);
      expect(result.log.map(({ msg }) => msg)).toEqual([expect.stringMatching(sentence)]);
    });

    test('the root, too, may be one without an upper directory', async () => {
      change = (plan) => ({
        ...plan,
        root: { kind: 'overlay', lower: [join(root, 'b'), join(root, 'a')], options: '', readonly: true },
      });
      door.setRunc(`cd ${door.directory}/run/rootfs; cat dir/file dir/sub/low; touch x 2>&1`);
      const result = await create('root');
      expect(result).toMatchObject({ log: [] });
      expect(result.stdout).toMatch(/^b\/dir\/filea\/dir\/sub\/low.*Read-only file system/);
    });
  });

  test('and leaves nothing of it behind', () => {
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(door.directory);
    expect(readdirSync(join(door.directory, 'run/stage'))).toEqual([]);
  });
});
