import { expect, test } from 'vitest';
import { dropLogBuffer } from './log-buffer.js';
import { RequestBody } from './request-body.js';

function withoutLogBuffer(text: string): string {
  const body = new RequestBody(text);
  dropLogBuffer(body);
  return body.text;
}

const host = (config: string): string => `{"HostConfig":{"LogConfig":${config}}}`;

test.each([
  ['{"Type":"local","Config":{"mode":"non-blocking"}}', '{"Type":"local","Config":{}}'],
  [
    '{"Type":"","Config":{"max-buffer-size":"1g","tag":"x","mode":"non-blocking"}}',
    '{"Type":"","Config":{"tag":"x"}}',
  ],
  ['{"config":{"mode":"blocking"},"Type":""}', '{"config":{},"Type":""}'],
])('%s becomes %s', (config, expected) => {
  expect(withoutLogBuffer(host(config))).toBe(host(expected));
  expect(withoutLogBuffer(`{"hostconfig":{"logCONFIG":${config}}}`)).toBe(host(expected));
});

test.each([
  '{}',
  '{"HostConfig":null}',
  '{"HostConfig":{ }}',
  host('null'),
  host('{"Type":"local"}'),
  host('{"Type":"local","Config":null}'),
  host('{"Config":{ "max-size":"1m" }}'),
  host('{"Config":{"Mode":"non-blocking"}}'),
  host('{"mode":"non-blocking"}'),
  host('{"Config":"mode"}'),
])('%s stays as it is', (text) => {
  expect(withoutLogBuffer(text)).toBe(text);
});

test.each([
  '[]',
  '{"HostConfig":[]}',
  '{"HostConfig":{},"hostconfig":{}}',
  host('{"Config":{},"config":{}}'),
])('%s is refused', (text) => {
  expect(() => withoutLogBuffer(text)).toThrow(expect.objectContaining({ code: 'BH_GATE_BODY' }));
});
