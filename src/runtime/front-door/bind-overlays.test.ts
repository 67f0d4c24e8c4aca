import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OverlayStage, StagedBind } from '../../isolation/plan.js';
import { canStage } from './front-door.test-support.js';
import { bind, lines, useStaging } from './staging.test-support.js';

describe.skipIf(!canStage)('overlays of bind sources', () => {
  const staging = useStaging((made) => {
    for (const name of ['l1/dir/sub/low', 'l1/hidden', 'l0/dir/file', 'snap/fs/upper', 'merged/dir/file'])
      made.file(name);
    for (const name of ['merged/dir/sub', 'merged/link']) made.directory(name);
    symlinkSync('/etc', made.layer('l0/link'));
  });
  const bound = (
    source: string,
    within: string,
    stage: Partial<OverlayStage> = {},
    changed: Partial<StagedBind> = {},
  ) => {
    staging().paths = [staging().layer('l1'), staging().layer(source)];
    const overlay = { lower: staging().overlay().lower, options: '', ...stage, within };
    const binds = [bind(1, { readonly: true, idmap: false, ...changed, overlay })];
    staging().change = (plan) => ({ ...plan, root: { kind: 'bind', readonly: false }, binds });
  };
  const inStage = (script: string) =>
    staging().door.setRunc(`cd ${staging().door.directory}/run/stage; ${script}`);

  test('show several layers, read-only, with the ids of the container', async () => {
    bound('merged', '/');
    inStage(`cat b1/dir/file b1/dir/sub/low; echo; stat -c %u b1/hidden
      touch b1/x 2>&1; awk '$5 ~ /stage.b1$/ { print $6 }' /proc/self/mountinfo`);
    const result = await staging().create('readonly');
    expect(result).toMatchObject({ code: 0, log: [] });
    const [content, owner, refused, options] = lines(result.stdout);
    expect(content).toBe('l0/dir/filel1/dir/sub/low');
    expect(Number(owner)).toBeGreaterThanOrEqual(100_000);
    expect(refused).toContain('Read-only file system');
    expect(options).toMatch(/^ro,nosuid,nodev/);
  });

  test.each([
    ['a directory', 'merged/dir/sub', '/dir/sub', 'low\n'],
    ['a file', 'merged/dir/file', '/dir/file', 'l0/dir/file'],
  ])('may be bound in part: %s', async (_name, source, within, shown) => {
    bound(source, within);
    inStage('if [ -d b1 ]; then ls b1; else cat b1; fi');
    expect(await staging().create('part')).toMatchObject({ code: 0, log: [], stdout: shown });
  });

  test('may be written, and the files have the ids that are written on disk', async () => {
    const upper = { parent: staging().layer('snap'), name: 'fs', workName: 'bulkhead-work' };
    bound('merged', '/', { upper }, { readonly: false });
    inStage('cat b1/upper; rm b1/hidden; stat -c %u b1/dir');
    expect(await staging().create('writable')).toMatchObject({ code: 0, log: [], stderr: '' });
    expect(readdirSync(staging().layer('snap/fs'))).toContain('hidden');
    expect(statSync(staging().layer('snap/fs/hidden')).isCharacterDevice()).toBe(true);
    expect(readFileSync(staging().layer('l1/hidden'), 'utf8')).toBe('l1/hidden');
  });

  test.each([
    ['a link in the layers', 'merged/link', '/link', /link cannot be opened in the layers .*symbolic links/],
    ['a path the layers lack', 'merged/dir', '/gone', /gone cannot be opened in the layers/],
    ['a file where a directory was opened', 'merged/dir', '/dir/file', /is not what was opened/],
  ])('refuse %s', async (_name, source, within, sentence) => {
    bound(source, within);
    const result = await staging().create('refused');
    expect(result.code).toBe(1);
    expect(result.log.map(({ msg }) => msg)).toEqual([expect.stringMatching(sentence)]);
  });
});
