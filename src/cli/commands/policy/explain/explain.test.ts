import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { processContext } from '../../../context.js';
import { run } from '../../../run.js';
import { RecordingTerminal } from '../../../test-support/recording-terminal.js';

let directory: string;
const path = (name: string): string => join(directory, name);

async function policy(...args: string[]): Promise<{ status: number; text: string }> {
  const terminal = new RecordingTerminal();
  const { signal } = new AbortController();
  const env = { XDG_CACHE_HOME: path('cache') };
  const status = await run(['policy', ...args], { ...processContext(signal), terminal, env });
  return { status, text: terminal.written };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-explain-'));
  const registryAccess = { rules: [{ host: 'docker.io' }] };
  const imageAccess = { hub: { verifiedPublishers: true }, publishers: { file: 'publishers.json' } };
  const settings = { configurationFileVersion: 2, bulkhead: { contact: 'Ada', registryAccess, imageAccess } };
  await writeFile(path('policy.json'), JSON.stringify(settings));
  await writeFile(path('broken.json'), '{"configurationFileVersion": 2,}');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(path('key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(async () => {
  process.exitCode = undefined;
  await rm(path('publishers.json'), { force: true });
});

const list = { publishersVersion: 1, serial: 1, expires: '2999-01-01T00:00:00Z', namespaces: ['grafana'] };
const explain = async (operation: string, image: string, ...more: string[]) =>
  policy('explain', operation, image, '--policy', path('policy.json'), ...more);

describe('bulkhead policy explain', () => {
  test('says which rule permits or refuses, and whom to ask, by its exit status too', async () => {
    await writeFile(path('publishers.json'), JSON.stringify(list));
    const permitted = await explain('pull', 'grafana/grafana:12');
    expect(permitted.status).toBe(0);
    expect(permitted.text).toContain('image-access: permitted: bulkhead.imageAccess.hub.verifiedPublishers');
    const refused = await explain('pull', 'ghcr.io/acme/tool');
    expect(refused.status).toBe(77);
    expect(refused.text).toContain('Access to ghcr.io has been restricted by your administrators');
    expect(refused.text).toContain('ask Ada');
    expect((await explain('push', 'grafana/grafana')).status).toBe(77);
  });

  test('in JSON for scripts', async () => {
    const { status, text } = await explain('pull', 'ghcr.io/a', '--json');
    expect(status).toBe(77);
    expect(JSON.parse(text)).toMatchObject({
      operation: 'pull',
      image: 'ghcr.io/a:latest',
      host: 'ghcr.io',
      verdict: 'refused',
      policy: path('policy.json'),
    });
  });

  test('takes a list of publishers that is not there, not in order or out of date for nobody, and says why', async () => {
    expect((await explain('pull', 'grafana/grafana')).text).toContain('ENOENT');
    await writeFile(path('publishers.json'), '{');
    expect((await explain('pull', 'grafana/grafana')).text).toContain('publishers.json:1:');
    await writeFile(path('publishers.json'), JSON.stringify({ ...list, expires: '2020-01-01T00:00:00Z' }));
    const { status, text } = await explain('pull', 'grafana/grafana');
    expect([status, text]).toEqual([77, expect.stringContaining('out of date since 2020-01-01T00:00:00Z')]);
  });

  test('refuses what is no name, and a policy that is not in order', async () => {
    const { status, text } = await explain('pull', 'Nginx');
    expect([status, text]).toEqual([64, expect.stringContaining('BH_IMAGE_NAME')]);
    expect((await policy('explain', 'pull', 'nginx', '--policy', path('broken.json'))).status).toBe(65);
  });

  test('a list is signed by the command that signs policies, and not one that is not in order', async () => {
    await writeFile(path('list.json'), JSON.stringify(list));
    const { status, text } = await policy(
      'sign',
      path('list.json'),
      '--key',
      path('key'),
      '-o',
      path('signed.json'),
    );
    expect([status, text]).toEqual([
      0,
      expect.stringContaining('verified publishers, serial 1, signed with'),
    ]);
    expect(JSON.parse(await readFile(path('signed.json'), 'utf8'))).toMatchObject({ ...list, signature: {} });
    await writeFile(path('list.json'), JSON.stringify({ ...list, serial: -1 }));
    expect((await policy('sign', path('list.json'), '--key', path('key'), '-o', path('x'))).status).toBe(65);
  });
});
