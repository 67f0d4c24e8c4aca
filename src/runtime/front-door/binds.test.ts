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
