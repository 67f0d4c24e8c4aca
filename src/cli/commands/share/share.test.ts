import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readUserSettings } from '../../../policy/index.js';
import { instancePaths, lockInstance, makeInstanceDirectories } from '../../../vm/index.js';
import { processContext } from '../../context.js';
import { run } from '../../run.js';
import { settingsInUse } from '../../settings-in-use.js';
import { RecordingTerminal } from '../../test-support/recording-terminal.js';
import { sharesText } from './list.js';
import { sharedAtStart } from './own-shares.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-share-'));
  file = join(directory, 'bulkhead/settings.json');
  for (const name of ['project', 'fixtures', 'project/inner']) await mkdir(join(directory, name));
});
afterEach(() => rm(directory, { recursive: true }));

const environment = () => ({ XDG_CONFIG_HOME: directory, XDG_CACHE_HOME: join(directory, 'cache') });
async function share(...args: string[]): Promise<{ status: number; text: string }> {
  const terminal = new RecordingTerminal();
  const { signal } = new AbortController();
  const context = { ...processContext(signal), env: environment(), terminal };
  const status = await run(['share', ...args], context);
  return { status, text: terminal.written };
}
const place = (name: string): string => join(directory, name);
const own = async (): Promise<unknown> =>
  readUserSettings(await readFile(file), file).value?.bulkhead?.shares;
/** No instance of that name runs. */
const name = ['--name', `none-${process.pid}`] as const;

test.runIf(process.platform === 'linux')(
  'where no VM runs, the next start has what is added and not what is removed',
  async () => {
    expect(await share('add', place('project'), ...name)).toEqual({
      status: 0,
      text: 'No VM runs: the next start shares it.\n',
    });
    await share('add', `${place('fixtures')}:ro`, ...name);
    expect(await own()).toEqual([place('project'), `${place('fixtures')}:ro`]);
    expect(JSON.parse((await share('list', '--json', ...name)).text)).toMatchObject({
      now: null,
      settings: [
        { path: place('project'), readOnly: false },
        { path: place('fixtures'), readOnly: true },
      ],
    });
    expect(await share('remove', place('project'), ...name)).toEqual({
      status: 0,
      text: 'The next start does not share it.\n',
    });
    expect(await own()).toEqual([`${place('fixtures')}:ro`]);
    // The same directory otherwise.
    await share('add', place('fixtures'), ...name);
    expect(await own()).toEqual([place('fixtures')]);
    const again = await share('remove', place('project'), ...name);
    expect([again.status, again.text]).toEqual([64, expect.stringContaining('is not shared with the VM')]);
  },
);

test.runIf(process.platform === 'linux')(
  'what `bulkhead up` would refuse is refused, and nothing is written',
  async () => {
    const policy = place('admin-settings.json');
    const allowed = [{ path: place('fixtures'), sharedByDefault: false }];
    await writeFile(
      policy,
      JSON.stringify({ configurationFileVersion: 2, filesharingAllowedDirectories: allowed }),
    );
    const refused = async (...words: string[]): Promise<string> => {
      const { status, text } = await share('add', ...words, ...name);
      expect(status).not.toBe(0);
      return text;
    };
    expect(await refused(place('missing'))).toContain('it does not exist');
    expect(await refused('/etc')).toContain('/etc');
    expect(await refused(place('project'), '--policy', policy)).toContain('filesharingAllowedDirectories');
    expect((await share('add', place('fixtures'), '--policy', policy, ...name)).status).toBe(0);
    await share('add', place('project'), ...name);
    expect(await refused(place('project/inner'))).toContain('one holds the other');
    expect(await own()).toEqual([place('fixtures'), place('project')]);
  },
);

test.runIf(process.platform === 'linux')(
  'what is taken away stays away, also where the policy shares it by default',
  async () => {
    const policy = place('admin-settings.json');
    const allowed = [{ path: place('project'), sharedByDefault: true }];
    await writeFile(
      policy,
      JSON.stringify({ configurationFileVersion: 2, filesharingAllowedDirectories: allowed }),
    );
    const { signal } = new AbortController();
    const context = { ...processContext(signal), env: environment(), terminal: new RecordingTerminal() };
    const next = async (): Promise<unknown> =>
      sharedAtStart(context, instancePaths(name[1]), await settingsInUse(context.env, policy));
    expect(await next()).toEqual([{ path: place('project'), readOnly: false }]);
    expect((await share('remove', place('project'), '--policy', policy, ...name)).status).toBe(0);
    expect(await next()).toEqual([]);
    // Without such a policy no list is as good as an empty one.
    await share('add', place('project'), ...name);
    await share('remove', place('project'), ...name);
    expect(await own()).toBeUndefined();
  },
);

test.runIf(process.platform === 'linux')(
  'one that is not there any more is in the way of no other, and is told of',
  async () => {
    await share('add', place('project'), ...name);
    await rm(place('project'), { recursive: true });
    const { status, text } = await share('add', place('fixtures'), ...name);
    const told = `${place('project')} can't be shared with containers: it does not exist. The next start refuses it; `;
    expect([status, text]).toEqual([0, expect.stringContaining(told)]);
    expect(await own()).toEqual([place('project'), place('fixtures')]);
    // What is there is judged beside the new one.
    await mkdir(place('fixtures/inner'));
    expect((await share('add', place('fixtures/inner'), ...name)).text).toContain('one holds the other');
  },
);

test.runIf(process.platform === 'linux')('one given by a link goes by its real name as well', async () => {
  await symlink(place('project'), place('link'));
  for (const directory of ['link', 'fixtures']) await share('add', place(directory), ...name);
  expect((await share('remove', place('project'), ...name)).status).toBe(0);
  expect(await own()).toEqual([place('fixtures')]);
});

test('the list says what is now and what is at each start', () => {
  const [one, two] = [
    { path: '/a', readOnly: false },
    { path: '/b', readOnly: true },
  ];
  expect(sharesText([one, two], [one])).toBe('now         /a\n            /b (read-only)\nsettings    /a\n');
  expect(sharesText(null, [])).toBe(
    'now         nothing: the VM does not run\nsettings    nothing (bulkhead.shares)\n',
  );
});

test.runIf(process.platform === 'linux')(
  'a VM that runs loses it whatever is wrong with the settings, and a person is told both',
  async () => {
    const env = { XDG_STATE_HOME: directory, XDG_RUNTIME_DIR: directory };
    for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
    const paths = instancePaths('runs');
    await makeInstanceDirectories(paths);
    await using _lock = await lockInstance(paths.lock, 'runs');
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      request.resume().on('end', () => response.end('{}'));
    });
    await using _server = server.listen(paths.controllerSocket);
    await once(server, 'listening');
    const removed = (...flags: readonly string[]) =>
      share('remove', place('project'), '--name', 'runs', ...flags);

    await share('add', place('project'), '--name', 'runs');
    asked.length = 0;
    expect(await removed()).toEqual({ status: 0, text: 'It is not shared any more.\n' });
    expect([asked, await own()]).toEqual([['/shares'], undefined]);
    const broken: readonly (readonly [string, string])[] = [
      [paths.sharedRecords.engine, 'BH_SHARE_RECORD'],
      [file, 'BH_SETTINGS_INVALID'],
    ];
    for (const [written, code] of broken) {
      await writeFile(written, 'nonsense');
      for (const flags of [[], ['--force']]) {
        asked.length = 0;
        const { status, text } = await removed(...flags);
        expect([asked, status === 0]).toEqual([['/shares'], false]);
        expect(text).toMatch(
          new RegExp(`^It is not shared any more.\nThe next start may share it again, .*:\nerror ${code}: `),
        );
      }
      await rm(written);
    }
  },
);
