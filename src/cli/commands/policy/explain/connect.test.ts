import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { processContext } from '../../../context.js';
import { run } from '../../../run.js';
import { RecordingTerminal } from '../../../test-support/recording-terminal.js';

let directory: string;
const path = (name: string): string => join(directory, name);

async function explain(file: string, ...args: string[]): Promise<{ status: number; text: string }> {
  const terminal = new RecordingTerminal();
  const { signal } = new AbortController();
  process.exitCode = undefined;
  const words = ['policy', 'explain', 'connect', ...args, '--policy', path(file)];
  const status = await run(words, { ...processContext(signal), terminal });
  return { status, text: terminal.written };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-connect-'));
  const rules = [
    { to: 'registry.example.com:443', action: 'allow' },
    { to: '*.example.com', images: ['node:*'], action: 'allow' },
    { to: 'db.corp.example:5432', labels: ['team=web'], addresses: ['10.0.0.0/8'], action: 'allow' },
    { to: '203.0.113.0/24:22', action: 'deny' },
  ];
  const policies = {
    'rules.json': { bulkhead: { contact: 'Ada', networkAccess: { default: 'deny', rules } } },
    'proxy.json': {
      containersProxy: {
        locked: true,
        mode: 'manual',
        https: 'http://u:secret@p.example:3128',
        transparentPorts: '443,80',
      },
    },
    'file.json': {
      containersProxy: { locked: true, mode: 'manual', pac: 'http://pac.example/', transparentPorts: '*' },
    },
    'embedded.json': {
      containersProxy: {
        locked: true,
        mode: 'manual',
        embeddedPac:
          'function FindProxyForURL(url, host) { return isInNet(host, "10.0.0.0", "255.0.0.0") ? "DIRECT" : "PROXY reject.docker.internal:1" }',
        transparentPorts: '*',
      },
    },
    'registries.json': {
      bulkhead: { networkAccess: { default: 'deny' }, registryAccess: { rules: [{ host: 'ghcr.io' }] } },
    },
    'open.json': { bulkhead: { registryAccess: { rules: [{ host: 'ghcr.io' }] } } },
    'images.json': {
      bulkhead: {
        contact: 'Ada',
        imageAccess: {
          hub: { official: true },
          rules: [
            { repository: 'ghcr.io/**', action: 'allow' },
            { repository: 'quay.io/acme/*', action: 'allow' },
          ],
        },
      },
    },
    'host.json': {
      bulkhead: {
        contact: 'Ada',
        hostLoopback: { locked: true, value: true },
        networkAccess: { default: 'deny', rules: [{ to: 'host.docker.internal:8080', action: 'allow' }] },
      },
      containersProxy: {
        locked: true,
        mode: 'manual',
        https: 'http://p.example:3128',
        transparentPorts: '*',
      },
    },
    'host-of-users.json': { bulkhead: { hostLoopback: { locked: false, value: false } } },
    'none.json': {},
  };
  for (const [name, policy] of Object.entries(policies))
    await writeFile(path(name), JSON.stringify({ configurationFileVersion: 2, ...policy }));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
});

describe('bulkhead policy explain connect', () => {
  test.each<[readonly string[], number, string]>([
    [['registry.example.com:443'], 0, 'network-access: permitted: bulkhead.networkAccess.rules[0]'],
    [['registry.example.com:80'], 77, 'no rule names it (rule network-access)'],
    [['registry.example.com:80', '--image', 'node:22'], 0, 'rules[1]'],
    [['www.example.com:443', '--image', 'alpine'], 77, 'Setting: bulkhead.networkAccess.default'],
    [['db.corp.example:5432', '--label', 'team=web', '--address', '10.1.2.3'], 0, 'rules[2]'],
    [['db.corp.example:5432', '--label', 'team=web', '--address', '192.168.1.1'], 77, 'private-addresses'],
    [['db.corp.example:5432', '--label', 'team=db'], 77, 'Ask Ada'],
    [['203.0.113.5:22'], 77, 'the policy denies 203.0.113.0/24:22'],
    [['127.0.0.1:80'], 77, 'rule host-addresses'],
    [['registry.example.com:443', '--engine'], 0, 'rules[0]'],
  ])('%j', async (args, status, text) => {
    const said = await explain('rules.json', ...args);
    expect(said.text).toContain(text);
    expect(said.status).toBe(status);
  });

  test('names no address that nobody named, and asks for one where an address decides', async () => {
    const byRules = await explain('rules.json', 'pypi.org:443');
    expect(byRules.text).toContain('may not connect to pypi.org:443: no rule names it');
    expect(byRules.text).toContain('name it with --address');
    const named = await explain('rules.json', 'pypi.org:443', '--address', '203.0.113.9');
    expect(named.text).toContain('may not connect to pypi.org:443 (203.0.113.9): no rule names it');
    expect(named.text).not.toContain('--address');
    expect((await explain('open.json', 'pypi.org:443')).text).not.toContain('--address');
  });

  test.each<[string, readonly string[], number, string]>([
    [
      'host.json',
      ['host.docker.internal:8080'],
      0,
      'network-access: permitted: bulkhead.networkAccess.rules[0]',
    ],
    [
      'host.json',
      ['gateway.docker.internal:8080'],
      0,
      'containers-proxy: permitted: containersProxy: directly',
    ],
    ['host.json', ['203.0.113.252:8080'], 0, 'to connect to host.docker.internal:8080'],
    ['host.json', ['host.docker.internal:22'], 77, 'no rule names it (rule network-access)'],
    ['host.json', ['host.docker.internal:2375'], 77, 'host-loopback: refused'],
    ['rules.json', ['host.docker.internal:8080'], 77, 'Setting: bulkhead.hostLoopback. '],
    ['host-of-users.json', ['host.docker.internal:8080'], 77, 'is left to the users'],
  ])('of %s the loopback of the host: %j', async (file, args, status, text) => {
    const said = await explain(file, ...args);
    expect(said.text).toContain(text);
    expect(said.status).toBe(status);
  });

  test('says what it did not ask', async () => {
    const { text } = await explain('rules.json', 'registry.example.com:443');
    expect(text).toContain('--address');
    expect((await explain('none.json', '203.0.113.5:22')).text).toBe(
      `permitted: to connect to 203.0.113.5:22 (policy: ${path('none.json')})\nnetwork-access: permitted: bulkhead.networkAccess is not set\n`,
    );
  });

  test('says the way, without the password of a proxy', async () => {
    const { status, text } = await explain('proxy.json', 'a.example:443');
    expect([status, text]).toEqual([0, expect.stringContaining('containersProxy: by http://p.example:3128')]);
    expect(text).not.toContain('secret');
    expect((await explain('proxy.json', 'a.example:80')).status).toBe(77);
    expect((await explain('proxy.json', 'a.example:22')).text).toContain('containersProxy: directly');
    const { status: open, text: why } = await explain('file.json', 'a.example:443');
    expect([open, why]).toEqual([75, expect.stringContaining('which was not fetched')]);
  });

  test('knows of the registries that are listed', async () => {
    const engine = await explain('registries.json', 'ghcr.io:443', '--engine');
    expect([engine.status, engine.text]).toEqual([
      0,
      expect.stringContaining('permitted: bulkhead.registryAccess'),
    ]);
    expect((await explain('registries.json', 'quay.io:443', '--engine')).status).toBe(77);
    expect((await explain('registries.json', 'ghcr.io:443')).status).toBe(77);
    expect((await explain('open.json', 'quay.io:443')).text).toContain(
      'does not list it: where a registry answers there',
    );
    expect((await explain('open.json', 'ghcr.io:443')).text).not.toContain('does not list it');
  });

  test('knows of which registries every image is admitted, and says where it does not know that it is one', async () => {
    for (const host of ['registry-1.docker.io', 'quay.io']) {
      const { status, text } = await explain('images.json', `${host}:443`);
      expect([status, text]).toEqual([
        77,
        expect.stringMatching(
          /^refused: .*\nnetwork-access: permitted: .*\nimage-access: refused: Access to .* Ask Ada to admit all of that registry/,
        ),
      ]);
      expect((await explain('images.json', `${host}:443`, '--engine')).status).toBe(0);
    }
    const unknown = await explain('images.json', 'registry.example:443');
    expect([unknown.status, unknown.text]).toEqual([
      0,
      expect.stringContaining('where a registry answers there, it is refused when it is connected to'),
    ]);
    expect((await explain('images.json', 'ghcr.io:443')).text).not.toMatch(/image-access|where a registry/);
  });

  test('runs the file of a policy, and tells it no address but the one it is given', async () => {
    const words = ['policy', 'explain', 'connect', '--policy', path('embedded.json')];
    const command = async (...args: string[]) =>
      execa(
        process.execPath,
        [fileURLToPath(new URL('../../../../../dist/cli/main.js', import.meta.url)), ...words, ...args],
        { reject: false },
      );
    const inside = await command('a.example:443', '--address', '10.1.2.3');
    expect([inside.exitCode, inside.stdout]).toEqual([
      0,
      expect.stringContaining('containersProxy: directly'),
    ]);
    const outside = await command('a.example:443', '--address', '203.0.113.5');
    expect([outside.exitCode, outside.stdout]).toEqual([
      77,
      expect.stringContaining('file rejects it (rule containers-proxy)'),
    ]);
    const unknown = await command('a.example:443');
    expect([unknown.exitCode, unknown.stdout]).toEqual([
      77,
      expect.stringContaining('it asks for the address of a.example'),
    ]);
  });

  test('in JSON for scripts', async () => {
    const { status, text } = await explain('rules.json', 'www.example.com:443', '--json');
    expect(status).toBe(77);
    expect(JSON.parse(text)).toMatchObject({
      destination: 'www.example.com:443',
      verdict: 'refused',
      rules: [{ rule: 'network-access', verdict: 'refused' }],
      policy: path('rules.json'),
    });
  });

  test.each([
    ['example.com'],
    ['example.com:0'],
    ['http://example.com:80'],
    ['127.1:80'],
    ['a.example:443', '--image', 'UPPER'],
    ['a.example:443', '--address', 'a.example'],
    ['a.example:443', '--engine', '--image', 'node'],
  ])('%j is not asked in that way', async (...args) => {
    expect((await explain('none.json', ...args)).status).toBe(64);
  });
});
