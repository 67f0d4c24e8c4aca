import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RootPlan } from '../../isolation/plan.js';
import { canStage } from './front-door.test-support.js';
import { bind, lines, spec, useStaging } from './staging.test-support.js';

describe.skipIf(!canStage)('the root', () => {
  const staging = useStaging((made) => {
    made.file('l1/etc', 'from the lower layer');
    made.file('l0/top', 'topmost');
    execFileSync('mknod', [made.layer('l1/zero'), 'c', '1', '5']);
  });
  const rootfs = () => join(staging().door.directory, 'run/rootfs');
  const withRoot = (root: RootPlan) => {
    staging().change = (plan) => ({ ...plan, root });
  };

  test('is a writable overlay whose ids on disk are not shifted', async () => {
    staging().door.setRunc(`
      R=${rootfs()}
      cat $R/etc $R/top; echo
      stat -c %u:%g $R/top
      grep " $R " /proc/self/mountinfo
      B=$(stat -c %u $R/top)
      setpriv --reuid $B --regid $B --clear-groups sh -c "echo inside > $R/made; chmod 4711 $R/made"
      stat -c %u $R/made`);
    const result = await staging().create('writable');
    expect(result).toMatchObject({ code: 0, log: [], stderr: '' });
    const [content, owner, mount, made] = lines(result.stdout);
    expect(content).toBe('from the lower layertopmost');
    const base = staging().audits[0]?.ids?.base;
    expect(owner).toBe(`${base}:${base}`);
    expect(mount).toMatch(/ - overlay \S+ rw,lowerdir=l0:l1,/);
    expect(made).toBe(String(base));
    const onDisk = statSync(staging().layer('snap/fs/made'));
    expect([onDisk.uid, onDisk.gid, onDisk.mode & 0o7777]).toEqual([0, 0, 0o4711]);
    expect(statSync(staging().layer('snap/bulkhead-work')).uid).toBe(0);
  });

  test('may be an overlay the engine holds, too, mounted within the parent', async () => {
    const { door, layers } = staging();
    const merged = staging().directory('snap/merged');
    staging().directory('snap/work');
    staging().paths = [merged];
    const options = `lowerdir=${layers}/l0:${layers}/l1,upperdir=${layers}/snap/fs,workdir=${layers}/snap/work`;
    door.setRunc(`echo both > ${rootfs()}/seen && cat ${merged}/seen; stat -c %u ${merged}/seen`);
    const mount = `mount -t overlay overlay -o ${options} ${merged}`;
    const result = await door.inMounts(mount, 'create', '--bundle', door.makeBundle('{}'), 'docker');
    // Host root has no id inside the container, so that it cannot make files through the container's view is right.
    expect(result.stderr).toContain('Value too large');
    expect(result.log).toEqual([]);
    const [fact] = staging().facts;
    expect(fact).toMatchObject({ opened: true, mount: { filesystem: 'overlay', mountPoint: merged } });
    expect(fact?.opened === true ? fact.mount.superOptions : []).toContain(`upperdir=${layers}/snap/fs`);
  });

  test('starts a second time when it is volatile', async () => {
    withRoot({ ...staging().overlay(), options: 'volatile' });
    staging().door.setRunc(`grep -c ' ${rootfs()} .*volatile' /proc/self/mountinfo`);
    expect(await staging().create('first')).toMatchObject({ code: 0, stdout: '1\n', log: [] });
    expect(await staging().create('second')).toMatchObject({ code: 0, stdout: '1\n', log: [] });
  });

  test("is read-only before runc when asked, with missing mount points made as the container's root", async () => {
    const { door, layers } = staging();
    chmodSync(layers, 0o711);
    staging().paths = [staging().layer('merged'), staging().file('single')];
    symlinkSync('/deep/real', staging().layer('l0/linked'));
    mkdirSync(staging().layer('l0/deep/real'), { recursive: true });
    const mounts = [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/proc/below', type: 'tmpfs', source: 'x' },
      { destination: '/linked/new/place', type: 'tmpfs', source: 'x' },
      { destination: '/file/of/config', type: 'bind', source: '/run/bulkhead/stage/b1', options: ['rbind'] },
    ];
    staging().change = (plan) => ({
      ...plan,
      root: staging().overlay(true),
      binds: [bind(1)],
      spec: { ...spec, mounts },
    });
    door.setRunc(
      `R=${rootfs()}; touch $R/x 2>&1; ls $R/proc; stat -c '%F %u' $R/deep/real/new/place $R/file/of/config`,
    );
    const result = await staging().create('readonly');
    const base = staging().audits[0]?.ids?.base;
    expect(result).toMatchObject({ code: 0, log: [] });
    expect(lines(result.stdout)).toEqual([
      expect.stringContaining('Read-only file system'),
      `directory ${base}`,
      `regular empty file ${base}`,
    ]);
    expect(statSync(staging().layer('snap/fs/file/of/config')).uid).toBe(0);
  });

  test('makes no mount point outside, whatever links of the image say', async () => {
    const { door } = staging();
    const outside = join(door.directory, 'outside');
    mkdirSync(outside);
    symlinkSync(`/../../../../../..${outside}`, staging().layer('l0/escape'));
    const mounts = [{ destination: '/escape/made', type: 'tmpfs', source: 'x' }];
    staging().change = (plan) => ({ ...plan, root: staging().overlay(true), spec: { ...spec, mounts } });
    const result = await staging().create('escape');
    expect(result.log.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/the mount point \/escape\/made cannot be made .*No such file/),
    ]);
    expect(readdirSync(outside)).toEqual([]);
  });

  test.each<[string, () => RootPlan]>([
    ['an overlay', () => staging().overlay()],
    ['a read-only overlay', () => staging().overlay(true)],
    [
      'an overlay of nothing but lower layers',
      () => ({ kind: 'overlay', lower: staging().overlay().lower, options: '', readonly: true }),
    ],
    ['a bind', () => ({ kind: 'bind', readonly: false })],
  ])('has no device nodes that open anything when it is %s', async (_, root) => {
    staging().paths = [staging().layer('l1')];
    withRoot(root());
    staging().door.setRunc(`cd ${rootfs()}; stat -c %F zero; head -c 1 zero 2>&1; cat etc`);
    const result = await staging().create('nodes');
    expect(result).toMatchObject({ code: 0, log: [] });
    expect(lines(result.stdout)).toEqual([
      'character special file',
      expect.stringContaining('Permission denied'),
      'from the lower layer',
    ]);
  });

  test('is bound with the ids of the container when it has no layers', async () => {
    staging().paths = [staging().layer('l1')];
    withRoot({ kind: 'bind', readonly: false });
    staging().door.setRunc(`stat -c %u ${rootfs()}/etc`);
    const result = await staging().create('bound');
    expect(result).toMatchObject({ code: 0, log: [], stdout: `${staging().audits[0]?.ids?.base}\n` });
  });

  test('may be an overlay without an upper directory', async () => {
    withRoot({ kind: 'overlay', lower: staging().overlay().lower, options: '', readonly: true });
    staging().door.setRunc(`cd ${rootfs()}; cat top etc; touch x 2>&1`);
    const result = await staging().create('lower');
    expect(result).toMatchObject({ log: [] });
    expect(result.stdout).toMatch(/^topmostfrom the lower layer.*Read-only file system/);
  });
});
