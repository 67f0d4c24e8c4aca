import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { processContext } from '../../context.js';
import { run } from '../../run.js';
import { RecordingTerminal } from '../../test-support/recording-terminal.js';

let directory: string;
let file: string;
let policy: string;

async function settings(...args: string[]): Promise<{ status: number; text: string }> {
  const terminal = new RecordingTerminal();
  const { signal } = new AbortController();
  const env = { XDG_CONFIG_HOME: directory };
  const status = await run(['settings', ...args], { ...processContext(signal), env, terminal });
  return { status, text: terminal.written };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-settings-'));
  file = join(directory, 'bulkhead', 'settings.json');
  policy = join(directory, 'admin-settings.json');
  await writeFile(
    policy,
    JSON.stringify({
      configurationFileVersion: 2,
      portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
      blockDockerLoad: { locked: false, value: true },
      bulkhead: { contact: 'Ada <ada@example.org>' },
    }),
  );
});
beforeEach(() => rm(join(directory, 'bulkhead'), { recursive: true, force: true }));
afterAll(() => rm(directory, { recursive: true }));

test('what is set is got, listed and taken back', async () => {
  expect(await settings('set', 'bulkhead.MEMORYmib', '4096')).toEqual({ status: 0, text: '' });
  expect(await settings('get', 'bulkhead.memoryMiB')).toEqual({ status: 0, text: '4096\n' });
  expect((await settings('list')).text).toMatch(/^bulkhead\.memoryMiB +4096 {2}\(user; /m);
  await settings('set', 'bulkhead.shares', '/srv/a:ro');
  expect((await settings('get', 'bulkhead.shares', '--json')).text).toBe(
    '{"name":"bulkhead.shares","value":["/srv/a:ro"],"source":"user"}\n',
  );
  await settings('unset', 'bulkhead.memoryMiB');
  expect((await settings('get', 'bulkhead.memoryMiB')).text).toBe('2048\n');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ bulkhead: { shares: ['/srv/a:ro'] } });
  expect(await readdir(join(directory, 'bulkhead'))).toEqual(['settings.json']);
});

test('what is in the files is printed without what a terminal acts on', async () => {
  await mkdir(join(directory, 'bulkhead'));
  const options = '{"labels": ["a=\u009b31m\u202e"]}';
  await writeFile(file, JSON.stringify({ linuxVM: { dockerDaemonOptions: options } }));
  const name = 'linuxVM.dockerDaemonOptions';
  for (const words of [['list'], ['list', '--json'], ['get', name], ['get', name, '--json']]) {
    const { status, text } = await settings(...words);
    expect(status).toBe(0);
    expect(text).toContain(String.raw`=\u009b31m\u202e`);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});

test('G01 a locked key answers with who locked it, and no lock is copied', async () => {
  await settings('set', 'portBindingBehavior', 'default-port-binding');
  const before = await readFile(file, 'utf8');
  const refused = await settings('set', 'portBindingBehavior', 'default-port-binding', '--policy', policy);
  expect(refused.status).toBe(77);
  expect(refused.text).toContain(`BH_SETTING_LOCKED`);
  expect(refused.text).toContain(policy);
  expect(refused.text).toContain('Ada <ada@example.org>');
  const got = async (...flags: string[]): Promise<string> =>
    (await settings('get', 'portBindingBehavior', ...flags)).text.trim();
  expect(await got('--policy', policy)).toBe('local-only-port-binding');
  expect(await got()).toBe('default-port-binding');
  expect(await readFile(file, 'utf8')).toBe(before);
});

test("G02 an unlocked value is a default that the user's overrides", async () => {
  const got = async (): Promise<string> =>
    (await settings('get', 'blockDockerLoad', '--policy', policy)).text;
  expect(await got()).toBe('true\n');
  expect((await settings('set', 'blockDockerLoad', 'false', '--policy', policy)).status).toBe(0);
  expect(await got()).toBe('false\n');
});

test.each([
  [['set', 'bulkhead.memory', '1'], 64, 'Near: bulkhead.memoryMiB.'],
  [['set', 'enhancedContainerIsolation', 'false'], 77, 'BH_SETTING_ADMINISTRATORS'],
  [['set', 'bulkhead.allowPrivileged', 'true'], 77, 'BH_SETTING_ADMINISTRATORS'],
  [['set', 'bulkhead.cpus', 'many'], 64, 'many is no value of the setting bulkhead.cpus: invalid input'],
  [['set', 'bulkhead.cpus', '{"locked": true, "value": 1}'], 64, 'BH_SETTING_VALUE'],
  [['set', 'linuxVM.dockerDaemonOptions', '{"mtu": 1}'], 64, 'mtu: '],
])('%j is refused and nothing is written', async (args, status, text) => {
  const answer = await settings(...args);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(text);
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('options that will not reach the engine are named when they are set', async () => {
  const { status, text } = await settings('set', 'linuxVM.dockerDaemonOptions', '{"hosts": [], "mtu": 1400}');
  expect([status, text]).toEqual([
    0,
    'linuxVM.dockerDaemonOptions: hosts will not reach the engine (where the engine listens)\n',
  ]);
});

test('a file that is not in order is left as it is, and what is wrong is told with its place', async () => {
  await settings('set', 'bulkhead.cpus', '1');
  await writeFile(file, '{\n  "bulkhead": {"cpus": 1},\n}\n');
  for (const args of [['list'], ['get', 'bulkhead.cpus'], ['set', 'bulkhead.cpus', '2']]) {
    const { status, text } = await settings(...args);
    expect([status, text]).toEqual([
      65,
      expect.stringContaining(`${file}:2:26: the document: a comma before }`),
    ]);
  }
  expect(await readFile(file, 'utf8')).toContain('},\n}');
});

test('what is refused is repeated without the password of a proxy', async () => {
  for (const value of ['{"mode":"manual","http":"http://ada:secret@bad host"}', 'http://ada:secret@host']) {
    const { status, text } = await settings('set', 'proxy', value);
    expect(status).not.toBe(0);
    expect(text).toContain('BH_SETTING_VALUE');
    expect(text).not.toContain('secret');
  }
});
