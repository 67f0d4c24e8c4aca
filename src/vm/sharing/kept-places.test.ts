import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instancePaths } from '../instance/paths.js';
import { factsIn } from '../test-support/facts-in.js';
import { keptPlaces } from './kept-places.js';
import { closeShares, openShares } from './open-shares.js';
import { claimPlaces } from './places-shared.js';
import { recordOfOpened, recordShares } from './recorded-shares.js';
import { usedPlaces } from './used-places.js';

/** An instance `linked` whose state lies in `data`, where a project lies as well, and another that is to have `data`. */
let root = '';
let data = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bh-kept-'));
  data = join(root, 'data');
  for (const made of ['data/of-linked', 'data/project', 'bulkhead/other'])
    await mkdir(join(root, made), { recursive: true });
  await symlink(join(data, 'of-linked'), join(root, 'bulkhead/linked'));
});
afterEach(() => rm(root, { recursive: true }));

const pathsOf = (name: string) => ({
  ...instancePaths(name, factsIn(root)),
  policyRecords: [join(root, 'policies')] as const,
});
const env = (): Readonly<Record<string, string>> => ({ XDG_CONFIG_HOME: root, XDG_CACHE_HOME: root });
const usesOf = (name: string) => usedPlaces(pathsOf(name), {}, env());
const starts = (name: string): Promise<unknown> =>
  claimPlaces({ file: pathsOf(name).sharedRecords.vm, uses: usesOf(name), contact: 'Ada' });

/** Has it, and gives what of it is hidden. */
async function sharesData(): Promise<string> {
  const paths = pathsOf('other');
  const kept = await keptPlaces(paths, {}, env());
  const opened = await openShares([{ path: data, readOnly: false }], kept, undefined, 'server');
  const directories = await Promise.all(opened.map(recordOfOpened));
  await closeShares(opened);
  await recordShares(paths.sharedRecords.vm, { directories, uses: usesOf('other') });
  return opened.flatMap(({ hidden }) => hidden.map(({ path }) => path)).join();
}

test.runIf(process.platform === 'linux')(
  'the state of another that lies elsewhere, behind a link, is hidden, whether that one runs or not',
  async () => {
    expect(await sharesData()).toBe('of-linked');
    await starts('linked');
    expect(await sharesData()).toBe('of-linked');
    // And again, beside the one that has it hidden.
    await starts('linked');
  },
);

test.runIf(process.platform === 'linux')(
  'one whose state was put, behind a link, into what another has, does not start',
  async () => {
    await rm(join(root, 'bulkhead/linked'));
    expect(await sharesData()).toBe('');
    await symlink(join(data, 'of-linked'), join(root, 'bulkhead/linked'));
    await expect(starts('linked')).rejects.toMatchObject({
      code: 'BH_PLACE_SHARED',
      params: { name: join(data, 'of-linked'), what: 'the state of engines and VMs', directory: data },
    });
  },
);

describe.runIf(process.platform === 'linux')(
  'where what another that runs goes by can’t be looked at',
  () => {
    /** As with one on a network file system whose server is gone: lstat(2) gives an error, whoever asks. */
    const untold = 'x'.repeat(300);
    const goesBy = (path: string): Promise<void> =>
      recordShares(pathsOf('linked').sharedRecords.vm, {
        directories: [],
        uses: [{ path, what: 'a policy' }],
      });

    test('what it does not lie in is shared', async () => {
      await writeFile(join(root, 'file'), '');
      for (const path of [join(root, untold, 'policy.json'), join(root, 'file/policy.json')]) {
        await goesBy(path);
        expect(await sharesData()).toBe('of-linked');
      }
      // As is what has it hidden with what holds it.
      await goesBy(join(data, 'of-linked', untold));
      expect(await sharesData()).toBe('of-linked');
    });

    test('what its name lies in is not, and who goes by it is named', async () => {
      await symlink(join(data, untold), join(root, 'link'));
      for (const path of [join(data, untold, 'policy.json'), join(root, 'link/policy.json')]) {
        await goesBy(path);
        const refused = await sharesData().catch(String);
        expect(refused).toContain(`${data} can't be shared with containers: it is, holds or lies in `);
        expect(refused).toContain(`${join(data, untold)}, which can't be looked at (ENAMETOOLONG`);
        expect(refused).toContain('/policy.json, a policy, by which the VM "linked" goes');
      }
    });
  },
);
