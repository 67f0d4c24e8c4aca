import { chownSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canStage, type Outcome } from './front-door.test-support.js';
import { bind, lines, useStaging } from './staging.test-support.js';

describe.skipIf(!canStage)('binds', () => {
  const staging = useStaging((made) => {
    chownSync(made.file('volume/owned'), 33, 44);
    made.directory('tree/below');
  });

  test('carry their flags and the ids of the container, files as well as directories', async () => {
    const { door } = staging();
    const volume = staging().layer('volume');
    staging().paths = [staging().layer('merged'), volume, staging().file('single', 'one file'), volume];
    const binds = [bind(1), bind(2, { readonly: true, noexec: true }), bind(3, { idmap: false })];
    staging().change = (plan) => ({ ...plan, binds });
    door.setRunc(`
      cd ${door.directory}/run/stage; cat b2; echo
      awk '$5 ~ /stage.b/ { print substr($5, length($5)-1), $6 }' /proc/self/mountinfo
      stat -c %u:%g b1/owned b3/owned`);
    const result = await staging().create('binds');
    expect(result).toMatchObject({ code: 0, log: [] });
    const base = staging().audits[0]?.ids?.base ?? 0;
    expect(lines(result.stdout)).toEqual([
      'one file',
      'b1 rw,nosuid,nodev,relatime,idmapped',
      'b2 ro,nosuid,nodev,noexec,relatime,idmapped',
      'b3 rw,nosuid,nodev,relatime',
      `${base + 33}:${base + 44}`,
      '33:44',
    ]);
  });

  test('that are owned turn the ids around, so that those of 0 appear as the owner, and everybody has one', async () => {
    const { door } = staging();
    const volume = staging().layer('volume');
    staging().paths = [staging().layer('merged'), volume, volume];
    const binds = [bind(1), bind(2, { owned: true })];
    staging().change = (plan) => ({ ...plan, owner: { uid: 1000, gid: 5 }, binds });
    door.setRunc(`
      cd ${door.directory}/run/stage; stat -c %u:%g b1 b2 b1/owned b2/owned
      base=$(stat -c %u b1)
      for id in 0 999 1000 65535; do
        setpriv --reuid $((base + id)) --regid $((base + id)) --clear-groups --bounding-set -all sh -c '> b2/made' 2>/dev/null || echo no $id
      done
      chown $((base + 1000)):$((base + 5)) b2/owned; stat -c %u:%g b1/owned`);
    const result = await staging().create('owned');
    expect(result).toMatchObject({ code: 0, log: [] });
    const base = staging().audits[0]?.ids?.base ?? 0;
    expect(lines(result.stdout)).toEqual([
      `${base}:${base}`,
      `${base + 1000}:${base + 5}`,
      `${base + 33}:${base + 44}`,
      `${base + 1033}:${base + 49}`,
      'no 0',
      'no 999',
      'no 65535',
      `${base}:${base}`,
    ]);
  });

  test('that are owned by nobody are refused', async () => {
    staging().paths = [staging().layer('merged'), staging().layer('volume')];
    staging().change = (plan) => ({ ...plan, binds: [bind(1, { owned: true })] });
    const { code, log } = await staging().create('ownerless');
    expect([code, log.map(({ msg }) => msg)]).toEqual([
      1,
      [expect.stringMatching(/cannot be given the ids/)],
    ]);
  });

  /** Binds a tree with something mounted in it. */
  const bindTree = async (filesystem: string): Promise<Outcome> => {
    const { door } = staging();
    staging().paths = [staging().layer('merged'), staging().layer('tree')];
    staging().change = (plan) => ({ ...plan, binds: [bind(1, { recursive: true, readonly: true })] });
    const mount = `mount -t ${filesystem} below ${staging().layer('tree/below')}`;
    return await door.inMounts(mount, '--root', '/s', 'create', '--bundle', door.makeBundle('{}'), 'tree');
  };

  test('that are recursive take the mounts below along, with the flags and ids', async () => {
    staging().door.setRunc(`grep -c 'stage/b1.* ro,nosuid,nodev,.*idmapped' /proc/self/mountinfo`);
    expect(await bindTree('tmpfs')).toMatchObject({ code: 0, stdout: '2\n', log: [] });
  });

  test('with a mount below that cannot be mapped stop the container, and the path is named', async () => {
    const { code, log } = await bindTree('proc');
    expect(code).toBe(1);
    expect(log.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^bulkhead: \S+\/tree or a mount below it cannot be given the ids/),
    ]);
  });
});
