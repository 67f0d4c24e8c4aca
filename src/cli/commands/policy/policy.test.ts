import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { processContext } from '../../context.js';
import { run } from '../../run.js';
import { RecordingTerminal } from '../../test-support/recording-terminal.js';

let directory: string;
const path = (name: string): string => join(directory, name);

async function policy(...args: string[]): Promise<{ status: number; text: string }> {
  const terminal = new RecordingTerminal();
  const { signal } = new AbortController();
  const status = await run(['policy', ...args], { ...processContext(signal), terminal });
  return { status, text: terminal.written };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-policy-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(path('key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(path('pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const settings = { configurationFileVersion: 2, bulkhead: { serial: 3 } };
  await writeFile(path('plain.json'), JSON.stringify(settings));
  await writeFile(path('no-serial.json'), '{"configurationFileVersion": 2}');
  await writeFile(path('broken.json'), '{"configurationFileVersion": 2,}');
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
});

describe('bulkhead policy', () => {
  test('sign, then verify', async () => {
    expect(
      (await policy('sign', path('plain.json'), '--key', path('key'), '-o', path('signed.json'))).status,
    ).toBe(0);
    const { status, text } = await policy('verify', path('signed.json'), '--key', path('pub'));
    expect(text).toContain('serial 3, valid until replaced');
    expect(status).toBe(0);
    expect((await policy('check', path('signed.json'))).status).toBe(0);
  });

  test('check warns of an export that users can cut off, and of nothing else', async () => {
    const audit = { openTelemetry: { endpoint: 'https://collector.example.org/v1/logs' } };
    const text = JSON.stringify({ configurationFileVersion: 2, bulkhead: { audit } });
    await writeFile(path('exported.json'), text);
    const { status, text: said } = await policy('check', path('exported.json'));
    expect([status, said]).toEqual([0, expect.stringContaining('linuxVM.vpnkitCIDR and dnsInhibition')]);
    expect((await policy('check', path('plain.json'))).text).not.toContain('exported');
    const { text: json } = await policy('check', '--json', path('exported.json'));
    expect(JSON.parse(json)).toMatchObject({ valid: true, warnings: [expect.stringContaining('lock')] });
  });

  test('verify refuses what is not signed, what was changed and what is older than the policy in force', async () => {
    await policy('sign', path('plain.json'), '--key', path('key'), '-o', path('signed.json'));
    const text = await readFile(path('signed.json'), 'utf8');
    await writeFile(path('changed.json'), text.replace('"serial": 3', '"serial": 4'));
    for (const [file, code, ...more] of [
      ['plain.json', 'BH_POLICY_UNSIGNED'],
      ['changed.json', 'BH_POLICY_ALTERED'],
      ['signed.json', 'BH_POLICY_ROLLBACK', '--serial', '4'],
    ] as const) {
      const { status, text: said } = await policy('verify', path(file), '--key', path('pub'), ...more);
      expect(said).toContain(code);
      expect(status).toBe(65);
    }
  });

  test('sign replaces its own file, and leaves it as it was where it refuses', async () => {
    await writeFile(path('same.json'), await readFile(path('plain.json')));
    expect(
      (await policy('sign', path('same.json'), '--key', path('key'), '-o', path('same.json'))).status,
    ).toBe(0);
    expect((await policy('verify', path('same.json'), '--key', path('pub'))).status).toBe(0);
    const before = await readFile(path('same.json'), 'utf8');
    for (const file of ['no-serial.json', 'broken.json'])
      expect((await policy('sign', path(file), '--key', path('key'), '-o', path('same.json'))).status).toBe(
        65,
      );
    expect(await readFile(path('same.json'), 'utf8')).toBe(before);
    expect((await readdir(directory)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test('a key of the wrong half or kind is refused by name', async () => {
    const { publicKey } = generateKeyPairSync('x25519');
    await writeFile(path('x25519'), publicKey.export({ type: 'spki', format: 'pem' }));
    for (const [key, reason] of [
      ['key', 'a private key'],
      ['x25519', 'x25519'],
      ['plain.json', 'BH_POLICY_KEY_FILE'],
    ] as const) {
      const { status, text } = await policy('verify', path('plain.json'), '--key', path(key));
      expect(text).toContain(reason);
      expect(status).toBe(65);
    }
    expect((await policy('sign', path('plain.json'), '--key', path('pub'), '-o', path('x'))).status).toBe(65);
  });

  test('diff says what changes, by its exit status too', async () => {
    await policy('sign', path('plain.json'), '--key', path('key'), '-o', path('signed.json'));
    expect(await policy('diff', path('plain.json'), path('signed.json'))).toEqual({ status: 0, text: '' });
    const { status, text } = await policy('diff', path('plain.json'), path('no-serial.json'));
    expect({ status, text }).toEqual({ status: 1, text: 'bulkhead.serial: 3 → (absent)\n' });
  });
});
