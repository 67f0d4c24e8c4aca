import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../common/log.js';
import { exampleManifest } from '../../image/test-support/example-manifest.js';
import { readSettings } from '../../policy/index.js';
import { instancePaths } from '../instance/paths.js';
import { makeInstanceDirectories } from '../instance/directories.js';
import { factsIn } from '../test-support/facts-in.js';
import { identityOf } from '../sharing/host-place.js';
import { recordShares, runningRecords, type SharedRecord } from '../sharing/recorded-shares.js';
import { prepareShares } from './prepare-shares.js';

/** What is shared with a VM whose image has no server: nothing can be, so only what is refused and what is left out is seen. */
let directory = '';
let project = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-prepare-shares-'));
  project = join(directory, 'project');
  await mkdir(project);
});
afterEach(() => rm(directory, { recursive: true }));

const { shareServer: _server, ...manifest } = exampleManifest();

async function prepared(
  given: readonly string[],
  allowed?: object,
  own?: readonly string[],
  file = join(directory, 'policy.json'),
) {
  const env = { XDG_STATE_HOME: directory, XDG_RUNTIME_DIR: directory, XDG_CACHE_HOME: directory };
  const paths = {
    ...instancePaths('one', factsIn(directory)),
    policyRecords: [join(directory, 'policies')] as const,
  };
  await makeInstanceDirectories(paths);
  const text = JSON.stringify({ configurationFileVersion: 2, filesharingAllowedDirectories: allowed });
  const read = readSettings(Buffer.from(text), 'policy.json');
  if (read.problems !== undefined) throw read.problems[0];
  const shares = given.map((path) => ({ path, readOnly: false }));
  const named = allowed === undefined ? undefined : file;
  const options = { image: join(directory, 'image'), shares, settings: undefined, policy: named };
  const logger = createLogger('test', { write: () => undefined });
  const policy = allowed === undefined ? undefined : { file, settings: read.settings };
  const user = own === undefined ? {} : { bulkhead: { shares: [...own] } };
  const signal = new AbortController().signal;
  return prepareShares({ paths, options, env, logger }, manifest, { policy, user }, signal);
}

test.runIf(process.platform === 'linux')(
  'where nothing is asked for, nothing is served or told',
  async () => {
    for (const allowed of [undefined, [], [{ path: directory, sharedByDefault: false }]])
      expect(await prepared([], allowed)).toMatchObject({ shares: [], disks: [], notes: [] });
  },
);

test.runIf(process.platform === 'linux')(
  'what a person asks for and the image cannot serve is an error',
  async () => {
    await expect(prepared([project])).rejects.toMatchObject({ code: 'BH_SHARE_NO_SERVER' });
    await expect(prepared([], undefined, [project])).rejects.toMatchObject({ code: 'BH_SHARE_NO_SERVER' });
  },
);

test.runIf(process.platform === 'linux')(
  'what the policy shares by default and cannot be is left out, by name',
  async () => {
    const { shares, disks, notes } = await prepared([], [{ path: project, sharedByDefault: true }]);
    expect([shares, disks]).toEqual([[], []]);
    expect(notes).toEqual([expect.stringMatching(/^Not shared, although .*project.* has no server/)]);
  },
);

test.runIf(process.platform === 'linux')(
  "G06 the policy is the bound of what is shared, and the state of VMs is nobody's to share",
  async () => {
    const allowed = [{ path: project, sharedByDefault: false }];
    await expect(prepared([directory], allowed)).rejects.toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
    await expect(prepared([], allowed, [directory])).rejects.toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
    await expect(prepared([project], [])).rejects.toMatchObject({ code: 'BH_SHARE_NOT_ALLOWED' });
    await expect(prepared([join(directory, 'bulkhead')])).rejects.toMatchObject({
      code: 'BH_SHARE_PROTECTED',
    });
  },
);

/** Another of this user, which this process is as well. */
async function another(record: Partial<SharedRecord>): Promise<void> {
  const { sharedRecords } = instancePaths('two', factsIn(directory));
  await mkdir(dirname(sharedRecords.vm), { recursive: true });
  await recordShares(sharedRecords.vm, { directories: [], uses: [], ...record });
}

test.runIf(process.platform === 'linux')(
  'where containers of another VM can change the policy nothing is prepared, also where nothing is shared',
  async () => {
    const file = join(project, 'policy.json');
    await writeFile(file, '{}');
    const theirs = { path: project, readOnly: false, hidden: [] };
    await another({ directories: [theirs] });
    await expect(prepared([], [], undefined, file)).rejects.toMatchObject({
      code: 'BH_PLACE_SHARED',
      params: { name: file, directory: project, other: 'the VM "two"' },
    });
    const hidden = [identityOf(await stat(file, { bigint: true }))];
    await another({ directories: [{ ...theirs, hidden }] });
    expect(await prepared([], [], undefined, file)).toMatchObject({ shares: [] });
  },
);

test.runIf(process.platform === 'linux')(
  'what another VM goes by is hidden in what is shared, which is said before it is served',
  async () => {
    const file = join(project, 'policy.json');
    await writeFile(file, '{}');
    await another({ uses: [{ path: file, what: 'a policy' }] });
    await expect(prepared([project])).rejects.toMatchObject({ code: 'BH_SHARE_NO_SERVER' });
    const [one] = await runningRecords(join(directory, 'bulkhead'));
    const hidden = [identityOf(await stat(file, { bigint: true }))];
    expect(one).toMatchObject({ name: 'one', directories: [{ path: project, readOnly: false, hidden }] });
    expect(one?.uses).toContainEqual({ path: join(directory, 'image'), what: 'the image the VM runs' });
    // Nothing of it can be hidden.
    await another({ uses: [{ path: project, what: 'a policy' }] });
    await expect(prepared([project])).rejects.toMatchObject({ code: 'BH_SHARE_PROTECTED' });
  },
);
