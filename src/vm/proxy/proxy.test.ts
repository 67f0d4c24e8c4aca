import { describe, expect, test } from 'vitest';
import { effectiveSettings, type JsonObject, readUserSettings } from '../../policy/index.js';
import { engineProxy } from './engine-proxy.js';
import { hostProxy } from './host-proxy.js';
import { withHostProxy } from './with-host-proxy.js';

describe('hostProxy', () => {
  test('what every client of the machine takes, the upper case first', () => {
    const env = {
      HTTP_PROXY: 'proxy.example:3128',
      http_proxy: 'other:1',
      https_proxy: 'http://ada:secret@proxy.example:3129',
      no_proxy: '.example.com, 10.0.0.0/8 "odd"',
    };
    expect(hostProxy(env)).toEqual({
      proxy: {
        http: 'http://proxy.example:3128',
        https: 'http://ada:secret@proxy.example:3129',
        exclude: '.example.com,10.0.0.0/8',
      },
      notes: [],
    });
    expect(hostProxy({ NO_PROXY: 'a' })).toEqual({ proxy: {}, notes: [] });
  });

  test('one that cannot be used is left out and told, without its password', () => {
    const env = { HTTP_PROXY: 'http://ada:secret@localhost:3128', HTTPS_PROXY: 'http://ada:100%secret@x' };
    const { proxy, notes } = hostProxy(env);
    expect(proxy).toEqual({});
    expect(notes).toEqual([
      expect.stringContaining('http://xxxxx:xxxxx@localhost:3128 (HTTP_PROXY) is on the loopback'),
      expect.stringContaining('HTTPS_PROXY of the environment is not the address of a proxy'),
    ]);
    expect(notes.join()).not.toContain('secret');
  });
});

describe('withHostProxy', () => {
  const env = { HTTPS_PROXY: 'http://proxy.example:3128' };
  const handOn = (document: JsonObject, policy?: object, from: Record<string, string> = env) => {
    const user = readUserSettings(Buffer.from(JSON.stringify(document)), 'u').value ?? {};
    const settings =
      policy === undefined
        ? undefined
        : ({ configurationFileVersion: 2, proxy: { locked: true, mode: 'system', ...policy } } as const);
    const effective = effectiveSettings(settings, user);
    const handed = withHostProxy(document, effective, from);
    const read = readUserSettings(Buffer.from(JSON.stringify(handed.document)), 'u');
    if (read.problems !== undefined) throw read.problems[0];
    return { ...handed, inForce: effectiveSettings(settings, read.value).proxy.value };
  };

  test('nobody has said anything: the engine has the proxy of the host', () => {
    const { document, inForce } = handOn({ blockDockerLoad: true });
    expect(document).toMatchObject({ blockDockerLoad: true, proxy: { mode: 'system' } });
    expect(inForce).toMatchObject({ mode: 'system', https: 'http://proxy.example:3128' });
  });

  test('a host without a proxy leaves the file as it is', () => {
    const document = { blockDockerLoad: true };
    expect(handOn(document, undefined, {}).document).toBe(document);
    expect(handOn({ proxy: { mode: 'system', http: 'own:1' } }, undefined, {}).inForce).toEqual({
      mode: 'system',
      exclude: [],
    });
  });

  test("a user's `system` stays one where the host has no proxy, whatever the policy's default", () => {
    const open = { locked: false, mode: 'manual' as const, http: 'policy.example:1' };
    expect(handOn({ proxy: { mode: 'system' } }, open, {}).inForce).toEqual({ mode: 'system', exclude: [] });
    expect(handOn({}, open, {}).inForce).toMatchObject({ mode: 'manual', http: 'http://policy.example:1' });
  });

  test("the user's own word, and that of a policy that is locked, are not the host's to change", () => {
    const own = { proxy: { mode: 'manual', http: 'own.example:1' } };
    expect(handOn(own).inForce).toMatchObject({ mode: 'manual', http: 'http://own.example:1' });
    expect(handOn(own, {}).inForce).toMatchObject({ mode: 'system', https: 'http://proxy.example:3128' });
    const manual = { mode: 'manual' as const, http: '127.0.0.1:3128' };
    const { inForce, notes } = handOn({}, manual);
    expect(inForce).toMatchObject({ mode: 'manual', http: 'http://127.0.0.1:3128' });
    expect(notes).toEqual([expect.stringContaining('(proxy; policy, locked) is on the loopback')]);
  });
});

test('whoever asks registries for the engine goes by its proxies, on the loopback of the machine as well', () => {
  const env = { HTTPS_PROXY: 'http://localhost:3128', NO_PROXY: '.near.test' };
  const said = (proxy: JsonObject): unknown => {
    const { value } = readUserSettings(Buffer.from(JSON.stringify({ proxy })), 'settings');
    return engineProxy(effectiveSettings(undefined, value ?? {}), env);
  };
  expect(said({ mode: 'system' })).toEqual({ https: 'http://localhost:3128', exclude: '.near.test' });
  expect(said({ mode: 'manual', http: 'http://proxy.test:1', exclude: ['a.test', 'b.test'] })).toEqual({
    http: 'http://proxy.test:1',
    exclude: 'a.test,b.test',
  });
  expect(engineProxy(effectiveSettings(undefined, {}), {})).toEqual({});
});
