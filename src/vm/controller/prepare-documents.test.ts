import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  keyIdOf,
  publicKeyText,
  readSettings,
  signDocument,
  signPublisherList,
  soundPolicy,
} from '../../policy/index.js';
import { addHostRecord, noteHostTime } from '../documents/index.js';
import { prepareDocuments } from './prepare-documents.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keyed = { policyKey: publicKeyText(publicKey), version: '1.2.0' };
const keyless = { version: '1.2.0' };
const noProxy = { XDG_CONFIG_HOME: '/none' };
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-prepare-'));
});
afterEach(() => rm(dir, { recursive: true }));
const path = (name: string): string => join(dir, name);
const paths = () => ({
  documentDisks: {
    policy: path('policy.disk'),
    settings: path('settings.disk'),
    registry: path('registry.disk'),
    publishers: path('publishers.disk'),
    shares: path('shares.disk'),
    authority: path('authority.disk'),
  },
  policyRecords: [path('policies')] as const,
});

const recordFile = (): string => join(path('policies'), keyIdOf(publicKey), '3.json');

async function policyFile(bulkhead: object, sign = false): Promise<string> {
  const text = JSON.stringify({ configurationFileVersion: 2, bulkhead });
  const { document } = soundPolicy(readSettings(Buffer.from(text), 'p'));
  await writeFile(path('p.json'), sign ? JSON.stringify(signDocument(document, privateKey)) : text);
  return path('p.json');
}

test('what is checked is what the guest reads, and what the last VM read is gone', async () => {
  await writeFile(path('settings.json'), '{}');
  const options = { policy: await policyFile({ serial: 3 }), settings: path('settings.json') };
  const { policy, disks, highestSerial, notes } = await prepareDocuments(paths(), options, keyless, noProxy);
  expect(disks.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['policy', policy?.bytes.length],
    ['settings', 2],
  ]);
  expect((await readFile(path('policy.disk'), 'utf8')).trimEnd()).toBe(policy?.bytes.toString());
  expect([highestSerial, notes]).toEqual([0, [expect.stringContaining('no policy key')]]);

  const none = await prepareDocuments(paths(), {}, keyless, noProxy);
  expect(none).toMatchObject({ disks: [], notes: [] });
  expect((await readdir(dir)).filter((name) => name.endsWith('.disk'))).toEqual([]);
});

test('an image with a key is told the highest serial, and gets no policy but a signed one', async () => {
  addHostRecord(paths().policyRecords, keyIdOf(publicKey), { serial: 3 });
  const options = { policy: await policyFile({ serial: 3 }, true) };
  expect(await prepareDocuments(paths(), options, keyed, noProxy)).toMatchObject({
    highestSerial: 3,
    notes: [],
  });
  await policyFile({ serial: 2 }, true);
  await expect(prepareDocuments(paths(), options, keyed, noProxy)).rejects.toMatchObject({
    code: 'BH_POLICY_ROLLBACK',
    params: { file: options.policy, serial: 2, highestSerial: 3, source: recordFile() },
  });
  await policyFile({ serial: 4 });
  await expect(prepareDocuments(paths(), options, keyed, noProxy)).rejects.toMatchObject({
    code: 'BH_POLICY_UNSIGNED',
  });
  await expect(prepareDocuments(paths(), {}, keyed, noProxy)).rejects.toMatchObject({
    code: 'BH_POLICY_MISSING',
  });
});

test("the machine's policy is the least there may be, where the image's key has signed it", async () => {
  const machine = path('machine.json');
  const prepare = async (policy: string) => prepareDocuments(paths(), { policy }, keyed, noProxy, machine);
  await copyFile(await policyFile({ serial: 9 }, true), machine);
  const older = await policyFile({ serial: 8 }, true);
  await expect(prepare(older)).rejects.toMatchObject({
    code: 'BH_POLICY_ROLLBACK',
    params: { highestSerial: 9, source: machine },
  });
  await expect(prepare(await policyFile({ serial: 9, contact: 'me' }, true))).rejects.toMatchObject({
    code: 'BH_POLICY_SERIAL_TAKEN',
    params: { source: machine },
  });
  expect(await prepare(machine)).toMatchObject({ highestSerial: 9 });
  await policyFile({ serial: 8 }, true);
  const altered = (await readFile(machine, 'utf8')).replace('9', '7');
  await writeFile(machine, altered);
  await expect(prepare(older)).rejects.toMatchObject({
    code: 'BH_POLICY_ALTERED',
    params: { file: machine },
  });
  await writeFile(machine, '{');
  await expect(prepare(older)).rejects.toMatchObject({ code: 'BH_POLICY_INVALID' });
  // Of no use to an image with another key, nor without a signature.
  await writeFile(machine, '{"configurationFileVersion": 2, "bulkhead": {"serial": 9}}');
  expect(await prepare(older)).toMatchObject({ highestSerial: 0 });
});

test('a clock that is set back makes no policy valid again', async () => {
  const now = Date.now();
  const soon = await policyFile({ serial: 3, expires: new Date(now + 86_400_000).toISOString() }, true);
  addHostRecord(paths().policyRecords, keyIdOf(publicKey), { serial: 3 });
  await prepareDocuments(paths(), { policy: soon }, keyed, noProxy);
  // As it was seen two days from now.
  noteHostTime(paths().policyRecords, keyIdOf(publicKey), now + 2 * 86_400_000);
  await expect(prepareDocuments(paths(), { policy: soon }, keyed, noProxy)).rejects.toMatchObject({
    code: 'BH_POLICY_CLOCK',
    params: { source: join(path('policies'), keyIdOf(publicKey), 'time.json') },
  });
  expect(await prepareDocuments(paths(), { policy: soon }, keyless, noProxy)).toMatchObject({
    highestSerial: 0,
  });
});

test('the list of publishers beside the policy goes along, and one that does not count is told of', async () => {
  const imageAccess = { hub: { verifiedPublishers: true }, publishers: { file: 'list.json' } };
  const options = { policy: await policyFile({ serial: 3, imageAccess }, true) };
  const prepare = async (): Promise<[unknown[], string[]]> => {
    const { disks, notes } = await prepareDocuments(paths(), options, keyed, noProxy);
    const names = disks.map(({ name }) => name).filter((name) => name !== 'authority');
    return [names, notes.filter((note) => note.includes('verified publisher'))];
  };
  const nobody = 'Nobody counts as a verified publisher (bulkhead.imageAccess.publishers): ';
  expect(await prepare()).toEqual([['policy'], [expect.stringContaining(`${nobody}The list`)]]);
  const list = { publishersVersion: 1, serial: 1, expires: '2199-01-01T00:00:00Z', namespaces: ['grafana'] };
  await writeFile(path('list.json'), JSON.stringify(list));
  expect(await prepare()).toEqual([['policy'], [expect.stringContaining('it is not signed')]]);
  await writeFile(path('list.json'), JSON.stringify(signPublisherList(list, privateKey)));
  expect(await prepare()).toEqual([['policy', 'publishers'], []]);
  expect(JSON.parse(await readFile(path('publishers.disk'), 'utf8'))).toMatchObject({ serial: 1 });
  const old = { ...list, expires: '2020-01-01T00:00:00Z' };
  await writeFile(path('list.json'), JSON.stringify(signPublisherList(old, privateKey)));
  expect(await prepare()).toEqual([
    ['policy', 'publishers'],
    [`${nobody}the list of verified publishers is out of date since 2020-01-01T00:00:00Z.`],
  ]);
  await rm(path('list.json'));
  await prepare();
  await expect(readFile(path('publishers.disk'))).rejects.toThrow('ENOENT');
});

test('a damaged record of the host is not none', async () => {
  addHostRecord(paths().policyRecords, keyIdOf(publicKey), { serial: 3 });
  await writeFile(recordFile(), 'x');
  const options = { policy: await policyFile({ serial: 3 }, true) };
  await expect(prepareDocuments(paths(), options, keyed, noProxy)).rejects.toMatchObject({
    code: 'BH_POLICY_RECORD',
    params: { file: recordFile() },
  });
});

test('settings that are not in order, or not there, are told before anything boots', async () => {
  await writeFile(path('settings.json'), '{"nonsense": 1}');
  await expect(
    prepareDocuments(paths(), { settings: path('settings.json') }, keyless, noProxy),
  ).rejects.toMatchObject({ code: 'BH_SETTINGS_INVALID' });
  await expect(prepareDocuments(paths(), { settings: path('none') }, keyless, noProxy)).rejects.toMatchObject(
    {
      code: 'BH_SETTINGS_FILE',
    },
  );
});

test("the machine's registry.json goes with a policy that names a provider, and is in order", async () => {
  const registry = path('registry.json');
  await writeFile(registry, '{"allowedOrgs": ["acme"]}');
  const signIn = { issuer: 'https://id.example.org', clientId: 'c', allowedOrgs: ['acme', 'other'] };
  const policy = await policyFile({ signIn });
  const { disks } = await prepareDocuments(paths(), { policy, registry }, keyless, noProxy);
  expect(disks.map(({ name, bytes }) => [name, bytes]).at(-1)).toEqual(['registry', 25]);
  expect((await readFile(path('registry.disk'), 'utf8')).trimEnd()).toBe('{"allowedOrgs": ["acme"]}');

  await expect(prepareDocuments(paths(), { registry }, keyless, noProxy)).rejects.toMatchObject({
    code: 'BH_SIGN_IN_NO_ISSUER',
  });
  await writeFile(registry, '{"allowedOrgs": "acme"}');
  await expect(prepareDocuments(paths(), { policy, registry }, keyless, noProxy)).rejects.toMatchObject({
    code: 'BH_REGISTRY_INVALID',
    params: { file: registry, line: 1, column: 2 },
  });
  await expect(prepareDocuments(paths(), { policy, registry: dir }, keyless, noProxy)).rejects.toMatchObject({
    code: 'BH_REGISTRY_FILE',
  });
});

test('the proxy of the host is in the settings the guest reads, without a file of a user as well', async () => {
  const env = { https_proxy: 'http://ada:secret@proxy.example:3128', HTTP_PROXY: 'localhost:3128' };
  const { disks, notes, effective } = await prepareDocuments(paths(), {}, keyless, env);
  expect(disks.map(({ name }) => name)).toEqual(['settings']);
  expect(JSON.parse(await readFile(path('settings.disk'), 'utf8'))).toEqual({
    proxy: { mode: 'system', https: 'http://ada:secret@proxy.example:3128' },
  });
  expect(notes).toEqual([expect.stringContaining('http://localhost:3128 (HTTP_PROXY) is on the loopback')]);
  expect(effective['linuxVM.vpnkitCIDR']).toEqual({ value: '192.168.65.0/24', source: 'built-in' });

  await writeFile(path('settings.json'), '{"BLOCKdockerload": true}');
  await prepareDocuments(paths(), { settings: path('settings.json') }, keyless, env);
  expect(JSON.parse(await readFile(path('settings.disk'), 'utf8'))).toMatchObject({
    blockDockerLoad: true,
    proxy: { mode: 'system' },
  });
});

test('a policy that says what may get out restricts the VM', async () => {
  const prepared = async (bulkhead: object) =>
    prepareDocuments(paths(), { policy: await policyFile(bulkhead) }, keyless, noProxy);
  const open = await prepared({ contact: 'it@example.com' });
  const decided = await prepared({ networkAccess: { default: 'deny', rules: [] } });
  expect([open.restricted, decided.restricted]).toEqual([false, true]);
  expect(decided.notes).toEqual([expect.stringContaining('no policy key')]);
  expect([decided.authority, decided.disks.length]).toEqual([undefined, 1]);
});

test('one about registries or images gives it the certificate of an authority that is new each time, and no key', async () => {
  const options = { policy: await policyFile({ imageAccess: {} }) };
  const { restricted, authority, disks, notes } = await prepareDocuments(paths(), options, keyless, noProxy);
  expect([restricted, notes]).toEqual([true, [expect.stringContaining('no policy key')]]);
  expect(disks.map(({ name }) => name)).toEqual(['policy', 'authority']);
  expect((await readFile(path('authority.disk'), 'utf8')).trimEnd()).toBe(authority?.certificate.trimEnd());
  const { publicKey: certified } = new X509Certificate(authority?.certificate ?? '');
  expect(createPublicKey(authority?.privateKey ?? '').equals(certified)).toBe(true);
  for (const name of await readdir(dir)) {
    const content = await readFile(path(name), 'utf8');
    expect(content).not.toContain('PRIVATE KEY');
  }
  const next = await prepareDocuments(paths(), options, keyless, noProxy);
  expect(next.authority?.privateKey).not.toBe(authority?.privateKey);
  await prepareDocuments(paths(), {}, keyless, noProxy);
  await expect(readFile(path('authority.disk'))).rejects.toThrow('ENOENT');
});
