import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Decision, Plan, RootPlan, SourceFact, StagedBind } from '../../isolation/plan.js';
import { RuntimeServer } from '../runtime-server.js';
import type { ContainerRequest, RuntimeAuditEvent } from '../planner.js';
import { leaseFiles } from '../lease-files.js';
import { canStage, makeFrontDoor, type TestFrontDoor } from './front-door.test-support.js';

const spec = { ociVersion: '1.2.1', root: { path: '/run/bulkhead/rootfs' }, hostname: 'staged', linux: {} };
const flags = { readonly: false, nosuid: true, nodev: true, noexec: false, idmap: true, recursive: false };

describe.skipIf(!canStage)('a container is staged', () => {
  let door: TestFrontDoor;
  let server: RuntimeServer;
  let paths: string[];
  let decide: (facts: readonly SourceFact[], plan: Plan) => Decision;
  let requests: ContainerRequest[];
  let facts: readonly SourceFact[];
  let audits: RuntimeAuditEvent[];
  let root: string;

  beforeAll(async () => {
    door = await makeFrontDoor();
    root = join(door.directory, 'layers');
    for (const name of ['l0', 'l1', 'snap', 'snap/fs', 'merged'])
      mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, 'l1/etc'), 'from the lower layer');
    writeFileSync(join(root, 'l0/top'), 'topmost');
    execFileSync('mknod', [join(root, 'l1/zero'), 'c', '1', '5']);
    server = new RuntimeServer({
      planner: {
        begin: (request) => {
          requests.push(request);
          return Promise.resolve({
            kind: 'inquiry',
            paths,
            idCount: 65_536,
            decide: (found, ids) => {
              facts = found;
              return decide(found, { ids, root: overlay(), binds: [], namespaces: [], spec });
            },
          });
        },
      },
      audit: (event) => audits.push(event),
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
    requests = [];
    audits = [];
    paths = [join(root, 'merged')];
    decide = (_, plan) => ({ kind: 'plan', plan });
  });

  function overlay(readonly = false): RootPlan & { kind: 'overlay' } {
    return {
      kind: 'overlay',
      lower: [join(root, 'l0'), join(root, 'l1')],
      upper: { parent: join(root, 'snap'), name: 'fs', workName: 'bulkhead-work' },
      options: '',
      readonly,
    };
  }
  const bind = (index: number, changed: Partial<StagedBind>): StagedBind => ({ index, ...flags, ...changed });
  const create = (id: string, config = '{"of":"the engine"}') =>
    door.run('--root', join(door.directory, 'state'), 'create', '--bundle', door.makeBundle(config), id);
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  test('the root is a writable overlay whose ids on disk are not shifted', async () => {
    door.setRunc(`
      R=${door.directory}/run/rootfs
      cat $R/etc $R/top; echo
      stat -c %u:%g $R/top
      grep " $R " /proc/self/mountinfo
      setpriv --reuid 100000 --regid 100000 --clear-groups sh -c "echo inside > $R/made; chmod 4711 $R/made"
      stat -c %u $R/made`);
    const result = await create('writable');
    expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
    const [content, owner, mount, made] = lines(result.stdout);
    expect(content).toBe('from the lower layertopmost');
    expect(owner).toBe('100000:100000');
    expect(mount).toMatch(/ - overlay \S+ rw,lowerdir=l0:l1,/);
    expect(made).toBe('100000');
    const onDisk = statSync(join(root, 'snap/fs/made'));
    expect([onDisk.uid, onDisk.gid, onDisk.mode & 0o7777]).toEqual([0, 0, 0o4711]);
    expect(statSync(join(root, 'snap/bulkhead-work')).uid).toBe(0);
  });

  test('the engine may hold its own overlay of the same directories meanwhile, mounted within the parent', async () => {
    const merged = join(root, 'snap/merged');
    mkdirSync(merged);
    paths = [merged];
    const options = `lowerdir=${root}/l0:${root}/l1,upperdir=${root}/snap/fs,workdir=${root}/snap/work`;
    mkdirSync(join(root, 'snap/work'));
    door.setRunc(
      `R=${door.directory}/run/rootfs; echo both > $R/seen && cat ${merged}/seen; stat -c %u ${merged}/seen`,
    );
    const result = await door.inMounts(
      `mount -t overlay overlay -o ${options} ${merged}`,
      'create',
      '--bundle',
      door.makeBundle('{}'),
      'docker',
    );
    // Host root has no id inside the container, so that it cannot make files through the container's view is right.
    expect(result.stderr).toContain('Value too large');
    expect(result.log).toEqual([]);
    const [fact] = facts;
    expect(fact).toMatchObject({ opened: true, mount: { filesystem: 'overlay', mountPoint: merged } });
    expect(fact?.opened === true ? fact.mount.superOptions : []).toContain(`upperdir=${root}/snap/fs`);
  });

  test('a volatile root starts a second time', async () => {
    decide = (_, plan) => ({ kind: 'plan', plan: { ...plan, root: { ...overlay(), options: 'volatile' } } });
    door.setRunc(`grep -c ' ${door.directory}/run/rootfs .*volatile' /proc/self/mountinfo`);
    expect(await create('first')).toMatchObject({ code: 0, stdout: '1\n', log: [] });
    expect(await create('second')).toMatchObject({ code: 0, stdout: '1\n', log: [] });
  });

  test('what the daemon is told is the request and what each path really is', async () => {
    door.setRunc('exit 0');
    mkdirSync(join(door.directory, 'real'), { recursive: true });
    symlinkSync('real', join(door.directory, 'link'));
    paths = [join(root, 'merged'), join(door.directory, 'link'), '/nonexistent/x', '/dev/null', '/proc/sys'];
    expect(await create('facts')).toMatchObject({ code: 0, log: [] });
    expect(requests).toMatchObject([
      {
        command: 'create',
        containerId: 'facts',
        runtimeRoot: join(door.directory, 'state'),
        bundle: join(door.directory, 'bundle'),
        config: '{"of":"the engine"}',
      },
    ]);
    expect(facts).toMatchObject([
      { opened: true, kind: 'directory', filesystemMagic: 0xef53 },
      { opened: true, realPath: join(door.directory, 'real'), kind: 'directory' },
      { opened: false, errno: 2 },
      { opened: true, kind: 'character-device', rdev: '1:3' },
      { opened: true, realPath: '/proc/sys', mount: { filesystem: 'proc', mountPoint: '/proc' } },
    ]);
    const real = statSync(join(door.directory, 'real'));
    expect(facts[1]).toMatchObject({ inode: String(real.ino) });
    expect(audits).toMatchObject([{ outcome: 'planned', containerId: 'facts', ids: { size: 65_536 } }]);
  });

  test('binds carry their flags and the ids of the container, files as well as directories', async () => {
    const volume = join(door.directory, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'owned'), '');
    chownSync(join(volume, 'owned'), 33, 44);
    writeFileSync(join(door.directory, 'single'), 'one file');
    paths = [join(root, 'merged'), volume, join(door.directory, 'single'), volume];
    decide = (_, plan) => ({
      kind: 'plan',
      plan: {
        ...plan,
        binds: [bind(1, {}), bind(2, { readonly: true, noexec: true }), bind(3, { idmap: false })],
      },
    });
    door.setRunc(`
      cd ${door.directory}/run/stage; cat b2; echo
      awk '$5 ~ /stage.b/ { print substr($5, length($5)-1), $6 }' /proc/self/mountinfo
      stat -c %u:%g b1/owned b3/owned`);
    const result = await create('binds');
    expect(result).toMatchObject({ code: 0, log: [] });
    const base = audits[0]?.ids?.base ?? 0;
    expect(lines(result.stdout)).toEqual([
      'one file',
      'b1 rw,nosuid,nodev,relatime,idmapped',
      'b2 ro,nosuid,nodev,noexec,relatime,idmapped',
      'b3 rw,nosuid,nodev,relatime',
      `${base + 33}:${base + 44}`,
      '33:44',
    ]);
  });

  test('a recursive bind takes the mounts below along, with the flags and ids', async () => {
    paths = [join(root, 'merged'), join(door.directory, 'tree')];
    mkdirSync(join(door.directory, 'tree/below'), { recursive: true });
    decide = (_, plan) => ({
      kind: 'plan',
      plan: { ...plan, binds: [bind(1, { recursive: true, readonly: true })] },
    });
    door.setRunc(`grep -c 'stage/b1.* ro,nosuid,nodev,.*idmapped' /proc/self/mountinfo`);
    const wrapped = await door.inMounts(
      `mount -t tmpfs below ${door.directory}/tree/below`,
      '--root',
      '/s',
      'create',
      '--bundle',
      door.makeBundle('{}'),
      'tree',
    );
    expect(wrapped).toMatchObject({ code: 0, stdout: '2\n', log: [] });
  });

  test('a mount below that cannot be mapped stops the container, and the path is named', async () => {
    paths = [join(root, 'merged'), join(door.directory, 'tree')];
    mkdirSync(join(door.directory, 'tree/below'), { recursive: true });
    decide = (_, plan) => ({ kind: 'plan', plan: { ...plan, binds: [bind(1, { recursive: true })] } });
    const wrapped = await door.inMounts(
      `mount -t proc below ${door.directory}/tree/below`,
      '--root',
      '/s',
      'create',
      '--bundle',
      door.makeBundle('{}'),
      'tree',
    );
    expect(wrapped.code).toBe(1);
    expect(wrapped.log.map((line) => line.msg)).toEqual([
      expect.stringMatching(/^bulkhead: \S+\/tree or a mount below it cannot be given the ids/),
    ]);
  });

  test("a read-only root is read-only before runc, and missing mount points were made as the container's root", async () => {
    chmodSync(root, 0o711);
    writeFileSync(join(door.directory, 'single'), '');
    paths = [join(root, 'merged'), join(door.directory, 'single')];
    symlinkSync('/deep/real', join(root, 'l0/linked'));
    mkdirSync(join(root, 'l0/deep/real'), { recursive: true });
    const mounts = [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/proc/below', type: 'tmpfs', source: 'x' },
      { destination: '/linked/new/place', type: 'tmpfs', source: 'x' },
      { destination: '/file/of/config', type: 'bind', source: '/run/bulkhead/stage/b1', options: ['rbind'] },
    ];
    decide = (_, plan) => ({
      kind: 'plan',
      plan: { ...plan, root: overlay(true), binds: [bind(1, {})], spec: { ...spec, mounts } },
    });
    door.setRunc(
      `R=${door.directory}/run/rootfs; touch $R/x 2>&1; ls $R/proc; stat -c '%F %u' $R/deep/real/new/place $R/file/of/config`,
    );
    const result = await create('readonly');
    const base = audits[0]?.ids?.base;
    expect(result).toMatchObject({ code: 0, log: [] });
    expect(lines(result.stdout)).toEqual([
      expect.stringContaining('Read-only file system'),
      `directory ${base}`,
      `regular empty file ${base}`,
    ]);
    expect(statSync(join(root, 'snap/fs/file/of/config')).uid).toBe(0);
  });

  test.each<[string, () => RootPlan]>([
    ['an overlay', () => overlay()],
    ['a read-only overlay', () => overlay(true)],
    [
      'an overlay of nothing but lower layers',
      () => ({ kind: 'overlay', lower: overlay().lower, options: '', readonly: true }),
    ],
    ['a bind', () => ({ kind: 'bind', readonly: false })],
  ])('a device node in a root that is %s opens nothing', async (_, made) => {
    paths = [join(root, 'l1')];
    decide = (_facts, plan) => ({ kind: 'plan', plan: { ...plan, root: made() } });
    door.setRunc(`cd ${door.directory}/run/rootfs; stat -c %F zero; head -c 1 zero 2>&1; cat etc`);
    const result = await create('nodes');
    expect(result).toMatchObject({ code: 0, log: [] });
    expect(lines(result.stdout)).toEqual([
      'character special file',
      expect.stringContaining('Permission denied'),
      'from the lower layer',
    ]);
  });

  test('a root without layers is bound with the ids of the container', async () => {
    paths = [join(root, 'l1')];
    decide = (_, plan) => ({ kind: 'plan', plan: { ...plan, root: { kind: 'bind', readonly: false } } });
    door.setRunc(`stat -c %u ${door.directory}/run/rootfs/etc`);
    const result = await create('bound');
    expect(result).toMatchObject({ code: 0, log: [], stdout: `${audits[0]?.ids?.base}\n` });
  });

  test('runc finds the new config in the bundle, its own arguments, a fixed environment and no descriptor of ours', async () => {
    door.setRunc(`
      cat bundle/config.json; echo
      for word in "$@"; do printf '%s ' "$word"; done; echo
      tr '\\0' ' ' < /proc/$$/environ; echo
      pwd; echo descriptors
      for f in /proc/$$/fd/*; do case $f in */[012]) ;; *) readlink $f ;; esac; done`);
    const bundle = door.makeBundle('{"old":true}');
    process.env['LD_PRELOAD_TEST'] = 'x';
    const result = await door.run(
      '--root=/s',
      '--log-format',
      'json',
      'create',
      '--bundle',
      'bundle',
      '--no-pivot',
      'c1',
    );
    delete process.env['LD_PRELOAD_TEST'];
    const [config, args, environment, directory, ...descriptors] = lines(result.stdout);
    expect(JSON.parse(config ?? '')).toEqual(spec);
    expect(args).toBe(
      `--log ${door.directory}/log.json --root=/s --log-format json create --bundle bundle --no-pivot c1 `,
    );
    expect(environment).toBe('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ');
    expect(directory).toBe(door.directory);
    // Whatever the test runner itself lets through is there for an unstaged command, too.
    const unstaged = await door.run('state', 'c1');
    expect(descriptors).toEqual(lines(unstaged.stdout).slice(4));
    expect(unstaged.stdout.startsWith('{"old":true}')).toBe(true);
    expect(readFileSync(join(bundle, 'config.json'), 'utf8')).toBe('{"old":true}');
  });

  test('nothing of it is left on the host', () => {
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(door.directory);
    expect(readdirSync(join(door.directory, 'run/stage'))).toEqual([]);
    expect(readdirSync(join(door.directory, 'run/rootfs'))).toEqual([]);
  });
});
