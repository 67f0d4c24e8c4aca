import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { commandLine } from '../support/command-line.ts';
import type { Docker, Outcome } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import type { EngineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { startOwnEngine } from '../support/own-engine.ts';
import { type SettingsEngine, startSettingsEngine } from '../support/settings-engine.ts';

/** The files of the organization and of a user, beside an engine whose policy has defaults alone. */
let engine: SettingsEngine | undefined;
let docker: Docker;
let internals: EngineInternals;
let socket: string;
let dir: string;

beforeAll(async () => {
  engine = await startSettingsEngine('settings-files', {
    policy: {
      blockDockerLoad: { locked: false, value: true },
      linuxVM: { dockerDaemonOptions: { locked: false, value: '{"labels": ["team=policy"]}' } },
    },
    user: { linuxVM: { dockerDaemonOptions: '{"labels": ["team=user"]}' } },
  });
  ({ docker, internals, socket, dir } = engine);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

test("G02: a default gives way to the user's value, after each restart of the daemon as well", async () => {
  const labels = (): Promise<string> => docker.ok(['info', '--format', '{{.Labels}}']);
  expect(await labels()).toBe('[team=user]');
  const load = { method: 'POST', path: '/images/load' };
  expect((await callEngine(socket, load)).status).toBe(403);
  await internals.replace('bulkheadd');
  await eventually(async () => docker.ok(['version']), 60_000);
  expect(await labels()).toBe('[team=user]');
  expect((await callEngine(socket, load)).status).toBe(403);
});

test('G10: what is in force, and who decided it', async () => {
  const policy = join(dir, 'shown.json');
  const locked = { configurationFileVersion: 2, blockDockerLoad: { locked: true, value: true } };
  await writeFile(policy, JSON.stringify(locked));
  await mkdir(join(dir, 'shown', 'bulkhead'), { recursive: true });
  const user = { blockDockerLoad: false, bulkhead: { cpus: 1 } };
  await writeFile(join(dir, 'shown', 'bulkhead', 'settings.json'), JSON.stringify(user));
  const args = ['policy', 'show', '--json', '--name', `shown-${process.pid}`, '--policy', policy];
  const env = { XDG_CONFIG_HOME: join(dir, 'shown') };
  const { stdout } = await execa(process.execPath, [commandLine, ...args], { env });
  const shown: unknown = JSON.parse(stdout);
  expect(shown).toHaveProperty(
    'settings',
    expect.arrayContaining([
      expect.objectContaining({ name: 'blockDockerLoad', value: true, source: 'policy, locked' }),
      expect.objectContaining({ name: 'bulkhead.cpus', value: 1, source: 'user' }),
    ]),
  );
});

describe('files that are not in order', () => {
  /** What is wrong, and where it is said to be: line, column, key. */
  const broken: readonly (readonly [what: string, text: string, said: string])[] = [
    ['a trailing comma', '{\n  "configurationFileVersion": 2,\n}', '2:32: the document: a comma before }'],
    [
      'a file cut off',
      '{\n  "configurationFileVersion": 2,\n  "block',
      '3:3: the document: a string that is not',
    ],
    [
      'a byte order mark',
      '\uFEFF{"configurationFileVersion": 2}',
      '1:1: the document: it begins with a byte order',
    ],
    [
      'an unknown key',
      '{"configurationFileVersion": 2,\n "blockLoad": {}}',
      '2:2: blockLoad: no setting has this name',
    ],
    ['a wrong type', '{"configurationFileVersion": 2,\n "scout": 1}', '2:2: scout: invalid input'],
    ['no version', '{"scout": {}}', '1:1: configurationFileVersion: invalid input'],
    [
      'a lock without a value',
      '{"configurationFileVersion": 2,\n "linuxVM": {"vpnkitCIDR": {"locked": true}}}',
      '2:14: linuxVM.vpnkitCIDR.value: invalid input',
    ],
    [
      'a key twice',
      '{"configurationFileVersion": 2,\n "CONFIGURATIONFILEVERSION": 2}',
      '2:2: CONFIGURATIONFILEVERSION: this key stands here twice',
    ],
    [
      '10 MB',
      `{"configurationFileVersion": 2}${' '.repeat(10_000_000)}`,
      '1:1: the document: it is larger than 8388608 bytes',
    ],
    [
      'deep nesting',
      `{"configurationFileVersion": 2, "x": ${'['.repeat(5000)}`,
      'it is nested deeper than 32',
    ],
  ];

  test.each(broken)('G03: %s in a policy starts nothing and ends nothing', async (_what, text, said) => {
    const policy = join(dir, 'broken.json');
    await writeFile(policy, text);
    for (const args of [
      ['policy', 'check', policy],
      ['engine', '--policy', policy, '--root', inject('testedRoot')],
    ]) {
      const { exitCode, stdout, stderr } = await execa(process.execPath, [commandLine, ...args], {
        reject: false,
      });
      expect([exitCode, stdout, stderr]).toEqual([65, '', expect.stringContaining(said)]);
      expect(stderr).toContain(`${policy}:`);
      expect(stderr).toContain('BH_POLICY_INVALID');
    }
    // The one that is in force stays so.
    expect((await callEngine(socket, { method: 'POST', path: '/images/load' })).status).toBe(403);
  });

  test("G03: so in a user's settings, which stay as they are", async () => {
    const file = join(dir, 'user', 'bulkhead', 'settings.json');
    const env = { XDG_CONFIG_HOME: join(dir, 'user') };
    await mkdir(join(dir, 'user', 'bulkhead'), { recursive: true });
    const text = '{\n  "bulkhead": {"cpus": 1},\n  "blockDockerLoad": {"locked": false, "value": true}\n}';
    await writeFile(file, text);
    const attempts = [
      ['settings', 'list'],
      ['settings', 'set', 'bulkhead.cpus', '2'],
      ['engine', '--root', inject('testedRoot')],
    ];
    for (const args of attempts) {
      const { exitCode, stderr } = await execa(process.execPath, [commandLine, ...args], {
        reject: false,
        env,
      });
      expect([exitCode, stderr]).toEqual([
        65,
        expect.stringContaining(`${file}:3:3: blockDockerLoad: invalid input`),
      ]);
    }
    expect(await readFile(file, 'utf8')).toBe(text);
  });
});

describe('filesharingAllowedDirectories', () => {
  /** Status and words of `bulkhead engine` that is to share a directory under a policy, which allows `src` alone. */
  async function engineWith(share: string, allowed: object): Promise<Outcome> {
    const policy = join(dir, 'sharing.json');
    await writeFile(policy, JSON.stringify({ configurationFileVersion: 2, ...allowed }));
    const state = {
      XDG_STATE_HOME: join(dir, 's'),
      XDG_RUNTIME_DIR: join(dir, 'r'),
      XDG_CONFIG_HOME: join(dir, 'c'),
    };
    const name = `sharing-${process.pid}`;
    const args = [
      'engine',
      '--name',
      name,
      '--root',
      inject('testedRoot'),
      '--policy',
      policy,
      '--share',
      share,
    ];
    const started = execa(process.execPath, [commandLine, ...args], { reject: false, env: state });
    // One that is up is stopped: the attempt was served.
    started.stdout.once('data', () => started.kill('SIGTERM'));
    const { exitCode, stdout, stderr } = await started;
    return { status: stdout === '' ? (exitCode ?? -1) : 0, stdout, stderr };
  }

  test('G06: nothing else is shared, by whatever name', async () => {
    const [src, other] = [join(dir, 'src'), join(dir, 'other')];
    await mkdir(src);
    await mkdir(other);
    await mkdir(join(dir, 'r'), { mode: 0o700 });
    await symlink(other, join(src, 'link'));
    const allowed = { filesharingAllowedDirectories: [{ path: src }] };
    for (const share of [other, `${src}/../other`, join(src, 'link')])
      expect((await engineWith(share, allowed)).stderr).toContain('error BH_SHARE_NOT_ALLOWED');
    expect((await engineWith(other, allowed)).status).toBe(77);
    expect((await engineWith(other, {})).status).toBe(0);
    expect((await engineWith(src, allowed)).status).toBe(0);
  }, 120_000);

  test('G06: a host that passes one on all the same is refused by bulkheadd', async () => {
    const policy = join(dir, 'sealed.json');
    const allowed = { filesharingAllowedDirectories: [{ path: join(dir, 'src') }] };
    await writeFile(policy, JSON.stringify({ configurationFileVersion: 2, ...allowed }));
    await using file = await open(policy);
    const sharing = { policy: file, shares: [{ path: dir, readOnly: false }] };
    await expect(startOwnEngine('settings-shares', sharing)).rejects.toThrow(
      /engine-failed: .*lies in none of the directories the organization allows/,
    );
  });
});
