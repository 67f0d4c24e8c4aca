import { describe, expect, test } from 'vitest';
import { names } from './key-names.js';
import { largestPolicy, readSettings } from './read-settings.js';
import { settingTable } from './setting-table.js';
import { settingsSchema } from './settings-schema.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (value: unknown) => readSettings(bytes(JSON.stringify(value)), 'p.json');

function problems(text: string | Uint8Array): string[] {
  const { problems } = readSettings(typeof text === 'string' ? bytes(text) : text, 'p.json');
  if (problems === undefined) throw new Error('it was taken');
  return problems.map(({ message }) => message.replace(/ Nothing was changed.*/, ''));
}

/** One of everything, as an organization that comes from Docker Desktop may have it. */
const whole = {
  configurationFileVersion: 2,
  exposeDockerAPIOnTCP2375: { locked: true, value: false },
  proxy: { locked: true, mode: 'system', http: '', https: '', exclude: [], windowsDockerdPort: 65_000 },
  containersProxy: {
    locked: true,
    mode: 'manual',
    http: '',
    https: '',
    exclude: [],
    transparentPorts: '80,443',
  },
  enhancedContainerIsolation: {
    locked: true,
    value: true,
    dockerSocketMount: {
      imageList: { images: ['docker.io/localstack/localstack:*', '*'], allowDerivedImages: true },
      commandList: { type: 'deny', commands: ['push', 'image*'] },
    },
  },
  linuxVM: {
    wslEngineEnabled: { locked: false, value: false },
    dockerDaemonOptions: { locked: false, value: '{"debug": false}' },
    vpnkitCIDR: { locked: false, value: '192.168.65.0/24' },
  },
  kubernetes: { locked: false, enabled: false, showSystemContainers: false, imagesRepository: '' },
  windowsContainers: { dockerDaemonOptions: { locked: false, value: '{}' } },
  disableUpdate: { locked: false, value: false },
  scout: { locked: false, sbomIndexing: true, useBackgroundIndexing: true },
  filesharingAllowedDirectories: [{ path: '$HOME', sharedByDefault: true }, { path: '$TMP' }],
  portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
  bulkhead: {
    contact: 'security@example.org',
    serial: 3,
    expires: '2027-01-01T00:00:00Z',
    allowPrivileged: false,
  },
};

describe('readSettings', () => {
  test('takes a file of Docker Desktop as it is', () => {
    expect(read(whole).settings).toMatchObject({
      containersProxy: { transparentPorts: '80,443' },
      linuxVM: { dockerDaemonOptions: { value: { debug: false } } },
      filesharingAllowedDirectories: [{}, { sharedByDefault: false }],
    });
  });

  test('takes names in any case, and finds them in the file', () => {
    const text = '{"ConfigurationFileVersion": 2, "BLOCKDOCKERLOAD": {"Value": true}}';
    expect(readSettings(bytes(text), 'p').settings).toMatchObject({
      blockDockerLoad: { value: true, locked: false },
    });
    expect(problems(text.replace('true', '1'))[0]).toMatch(/^p\.json:1:53: blockDockerLoad\.value: /);
  });

  test.each([
    ['{\n  "configurationFileVersion": 2,\n}', /^p\.json:2:32: the document: a comma before }\.$/],
    ['{}', /:1:1: configurationFileVersion: .*expected 2/],
    ['{"configurationFileVersion": 1}', /:1:2: configurationFileVersion: .*expected 2/],
    [
      '{"configurationFileVersion": 2,\n "blockDockerLoads": {"value": true}}',
      /:2:2: blockDockerLoads: no setting has this name/,
    ],
    [
      '{"configurationFileVersion": 2, "blockDockerLoad": {"locked": true}}',
      /blockDockerLoad\.value: .*expected boolean/,
    ],
    ['{"configurationFileVersion": 2, "blockDockerLoad": true}', /blockDockerLoad: .*expected object/],
    [
      '{"configurationFileVersion": 2, "linuxVM": {"vpnkitCIDR": {"locked": true}}}',
      /linuxVM\.vpnkitCIDR\.value/,
    ],
    [
      '{"configurationFileVersion": 2, "linuxVM": {"vpnkitCIDR": {"value": "300.0.0.0/8"}}}',
      /vpnkitCIDR\.value: invalid/,
    ],
    [
      '{"configurationFileVersion": 2, "linuxVM": {"dockerDaemonOptions": {"value": "{,}"}}}',
      /not a JSON object in a string/,
    ],
    [
      '{"configurationFileVersion": 2, "linuxVM": {"dockerDaemonOptions": {"value": "[]"}}}',
      /not a JSON object in a string/,
    ],
    [
      '{"configurationFileVersion": 2, "filesharingAllowedDirectories": [{"path": "/a"}, {"paths": "/b"}]}',
      /\[1\]/,
    ],
    ['{"configurationFileVersion": 2, "__proto__": {"value": 1}}', /__proto__: no setting has this name/],
    [
      '{"configurationFileVersion": 2, "bulkhead": {"idsPerContainer": 70000}}',
      /idsPerContainer: .*multiple of 65536/,
    ],
    ['[]', /the document: .*expected object/],
    ['null', /the document: .*expected object/],
  ])('%s is refused', (text, expected) => {
    expect(problems(text)[0]).toMatch(expected);
  });

  test('refuses what is too long, or not UTF-8', () => {
    expect(problems(new Uint8Array(10_000_000))).toEqual([
      expect.stringContaining(`larger than ${largestPolicy}`),
    ]);
    expect(problems(Uint8Array.from([0x7b, 0xff, 0x7d]))).toEqual([expect.stringContaining('not UTF-8')]);
  });

  test('names everything that is wrong, in the order of the file', () => {
    const text =
      '{"scout": 1,\n"configurationFileVersion": 2,\n"oops": 1,\n"disableUpdate": {"value": "no"}}';
    expect(problems(text).map((message) => message.split(':')[1])).toEqual(['1', '3', '4']);
  });

  test('tells a hundred problems of very many, counts the rest, and has all their places in no time', () => {
    const keys = Array.from({ length: 90_000 }, (_, index) => `"${index.toString(36)}": 1`);
    const began = performance.now();
    const found = problems(`{\n${keys.join(',\n')}\n}`);
    // Line by line from the start it takes minutes.
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(found).toHaveLength(101);
    expect(found[99]).toMatch(/^p\.json:100:1: 2q: /);
    expect(found[100]).toContain('89901 more problems, of which this is the first: ');
  });

  test('takes a file cut off anywhere for none', () => {
    const text = JSON.stringify(whole, null, 2);
    for (let length = 0; length < text.length; length += 1) {
      expect(problems(text.slice(0, length))).toHaveLength(1);
    }
  });
});

describe('the table of settings', () => {
  test('has each key of the schema, and no other', () => {
    // Our own keys have a table of their own.
    const paths = ['bulkhead', ...Object.keys(settingTable)].map((path) => path.split('.'));
    expect(new Set(paths.map(([first]) => first))).toEqual(new Set(Object.keys(settingsSchema.shape)));
    for (const part of paths.flat()) expect(names.get(part.toLowerCase())).toBe(part);
  });

  test('knows no two names that differ in case alone', () => {
    for (const [folded, name] of names) expect(folded).toBe(name.toLowerCase());
    expect(names.get('configurationfileversion')).toBe('configurationFileVersion');
    expect(names.get('idspercontainer')).toBe('idsPerContainer');
    expect(names.get('shareddbydefault')).toBeUndefined();
    expect(names.get('sharedbydefault')).toBe('sharedByDefault');
    expect(names.get('allowderivedimages')).toBe('allowDerivedImages');
  });
});
