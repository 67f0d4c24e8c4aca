import { expect, test } from 'vitest';
import { isolateRuntime } from './isolated-runtime.js';
import { RequestBody } from './request-body.js';

function withIsolatedRuntime(text: string): string {
  const body = new RequestBody(text);
  isolateRuntime(body);
  return body.text;
}

test.each([
  ['{"Image":"a"}', '{"Image":"a","HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"HostConfig":null}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"HostConfig":{}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  [
    '{"HostConfig":{"Runtime":"runc","Privileged":true}}',
    '{"HostConfig":{"Privileged":true,"Runtime":"bulkhead"}}',
  ],
  ['{"HostConfig":{"Runtime":null}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"HostConfig":{"Runtime":7}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  // Go's encoding/json takes keys in any case, and two letters that are none of ASCII for k and s.
  ['{"hostconfig":{"RUNTIME":"runc"}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"ho\u017Ftconfig":{"runtime":"runc"}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"Host\\u0043onfig":{"R\\u0075ntime":"runc"}}', '{"HostConfig":{"Runtime":"bulkhead"}}'],
  [
    '{"HostConfig":{"Memory":9223372036854775807,"CpuShares":-9223372036854775808}}',
    '{"HostConfig":{"Memory":9223372036854775807,"CpuShares":-9223372036854775808,"Runtime":"bulkhead"}}',
  ],
  ['{"__proto__":{"HostConfig":{}}}', '{"__proto__":{"HostConfig":{}},"HostConfig":{"Runtime":"bulkhead"}}'],
  ['{"HostConfig":{"__proto__":1}}', '{"HostConfig":{"__proto__":1,"Runtime":"bulkhead"}}'],
  [
    '{"Runtime":"runc","Env":["Runtime=runc"]}',
    '{"Runtime":"runc","Env":["Runtime=runc"],"HostConfig":{"Runtime":"bulkhead"}}',
  ],
])('%s becomes %s', (text, expected) => {
  expect(withIsolatedRuntime(text)).toBe(expected);
});

test.each([
  '',
  'null',
  '[]',
  '"a"',
  '{"HostConfig":[]}',
  '{"HostConfig":"x"}',
  '{"HostConfig":{"Runtime":"a"},"hostconfig":{}}',
  '{"HostConfig":{"Runtime":"bulkhead","runtime":"runc"}}',
  '{"HostConfig":{"Runtime":"bulkhead","Runt\\u0069me":"runc"}}',
  '{"HostConfig":{}} {}',
  '{"HostConfig":{},}',
  '\uFEFF{}',
  '{"HostConfig":{"Memory":1e400}}',
])('%s is refused', (text) => {
  expect(() => withIsolatedRuntime(text)).toThrow(expect.objectContaining({ code: 'BH_GATE_BODY' }));
});
