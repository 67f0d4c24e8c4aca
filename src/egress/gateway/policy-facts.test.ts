import { expect, test } from 'vitest';
import { parseIpAddress } from '../../common/ip-address.js';
import type { Who } from '../connect-access/index.js';
import { proxiesOf } from '../containers-proxy/index.js';
import { settingsOf } from '../test-support/settings.js';
import { policyFacts } from './policy-facts.js';

const engineProxy = proxiesOf({ https: 'http://proxy.test:3128', exclude: 'near.test' });
const container: Who = { kind: 'container', id: '1', name: 'web', image: [], labels: {} };

async function wayOf(settings: object, who: Who, name: string, isGiven = true): Promise<unknown> {
  const world = { nameServers: () => [], system: proxiesOf({}), ...(isGiven ? { engineProxy } : {}) };
  const { wayOut } = policyFacts(settingsOf(settings), world);
  const address = parseIpAddress('192.0.2.7');
  if (wayOut === undefined || address === undefined) return 'directly';
  const way = await wayOut({ who, name, address, port: 443 });
  if (way.kind === 'refuse') return way.refusal.code;
  return way.hops.map((hop) => (hop.kind === 'proxy' ? hop.host : hop.kind)).join();
}

test('the engine goes by its proxy, which is nobody else’s, but where containersProxy says how', async () => {
  expect(await wayOf({}, { kind: 'engine' }, 'ghcr.io')).toBe('proxy.test');
  expect(await wayOf({}, { kind: 'engine' }, 'near.test')).toBe('direct');
  expect(await wayOf({}, container, 'ghcr.io')).toBe('direct');
  expect(await wayOf({}, { kind: 'engine' }, 'ghcr.io', false)).toBe('directly');
  const containersProxy = { locked: true, mode: 'manual', http: '', https: 'http://other.test:1' };
  expect(await wayOf({ containersProxy }, { kind: 'engine' }, 'ghcr.io')).toBe('other.test');
});
