import { expect, test } from 'vitest';
import { compileRules } from '../../egress/index.js';
import { references } from '../../egress/names/references.test-support.js';
import { settingsOf } from '../../egress/test-support/settings.js';
import { developer } from '../../gate/caller.js';
import { parseRequestHead } from '../../gate/http/request-head.js';
import { publishersAt } from '../../policy/index.js';
import { exchangeOf } from '../gate/request-side.js';
import { createImageJudge } from './image-judge.js';

const digest = `sha256:${'ab'.repeat(32)}`;
const settings = settingsOf({
  bulkhead: {
    contact: 'Ada',
    registryAccess: { rules: [{ host: 'ghcr.io' }] },
    imageAccess: { rules: [{ repository: 'ghcr.io/acme/tool', action: 'allow', tags: ['1'] }] },
  },
});

async function judged(line: string, policy: typeof settings | undefined): Promise<string> {
  const judge = createImageJudge(compileRules(policy, publishersAt(undefined, 0)));
  const request = parseRequestHead([`${line} HTTP/1.1`, 'Host: x']);
  return (async () => judge(exchangeOf(request, developer, 'id')))().then(
    () => 'served',
    (error: unknown) => String(error),
  );
}

test.each([
  ['POST /images/create?fromImage=ghcr.io/acme/tool&tag=1', /^served$/],
  ['POST /images/create?fromImage=ghcr.io/acme/tool&tag=2', /other versions of it are allowed/],
  [`POST /images/create?fromImage=ghcr.io/acme/tool&tag=${digest}`, /other versions of it are allowed/],
  // The tag that is admitted, of another version.
  [`POST /images/create?fromImage=ghcr.io/acme/tool:1@${digest}`, /other versions of it are allowed/],
  [`POST /images/create?fromImage=ghcr.io/acme/tool@${digest}&tag=1`, /other versions of it are allowed/],
  [`GET /distribution/ghcr.io/acme/tool:1@${digest}/json`, /other versions of it are allowed/],
  [
    'POST /images/create?fromImage=0x7f.1/alpine',
    /0x7f\.1\/alpine is refused by rule image-names.*Setting: bulkhead\.registryAccess, bulkhead\.imageAccess\. .*ask your/,
  ],
  ['GET /plugins/privileges?remote=ghcr.io/acme/tool:1', /^served$/],
  ['GET /plugins/privileges?remote=evil.example/x:1', /Access to evil\.example has been restricted.*ask Ada/],
])('%s', async (line, answer) => {
  expect(await judged(line, settings)).toMatch(answer);
  expect(await judged(line, undefined)).toBe('served');
});

test('calls each image by the one name it has for the rules', async () => {
  const nothing = settingsOf({ bulkhead: { imageAccess: { default: 'deny' } } });
  const wrong: string[] = [];
  // With a colon at the end dockerd takes it for all versions here.
  for (const [written, canonical] of references.filter(([name]) => !/^$|:$/.test(name))) {
    const said = await judged(`POST /images/create?fromImage=${encodeURIComponent(written)}`, nothing);
    // All versions of it, or one.
    const name = canonical === undefined ? 'rule image-names' : ` ${canonical.replace(/[:@][^/]*$/, '')}`;
    if (!said.includes(name)) wrong.push(`${written}: ${said}, not ${name}`);
  }
  expect(wrong).toEqual([]);
});
