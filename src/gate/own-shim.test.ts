import { expect, test } from 'vitest';
import { openPolicy } from './policy.test-support.js';
import { bodyRewriteOf } from './rewrite-body.js';
import { dropShimGrouping } from './own-shim.js';
import { RequestBody } from './request-body.js';

function withOwnShim(text: string): string {
  const body = new RequestBody(text);
  dropShimGrouping(body);
  return body.text;
}

const host = (annotations: string): string => `{"HostConfig":{"Annotations":${annotations}}}`;

test.each([
  ['{"io.containerd.runc.v2.group":"abc"}', '{}'],
  ['{"a":"b","io.kubernetes.cri.sandbox-id":"abc","c":"d"}', '{"a":"b","c":"d"}'],
])('%s becomes %s', (annotations, expected) => {
  expect(withOwnShim(host(annotations))).toBe(host(expected));
  expect(withOwnShim(`{"hostconfig":{"annotationS":${annotations}}}`)).toBe(host(expected));
});

test.each([
  '{}',
  host('null'),
  host('{"a": "b"}'),
  host('"x"'),
  '{"Annotations":{"io.containerd.runc.v2.group":"a"}}',
])('%s stays as it is', (text) => {
  expect(withOwnShim(text)).toBe(text);
});

test('a container is made with neither a buffer for its log nor the shim of another, in the isolated runtime', async () => {
  const body = `{"HostConfig":{"Annotations":{"io.containerd.runc.v2.group":"a"},"LogConfig":{"Config":{"mode":"non-blocking"}}}}`;
  const rewrite = bodyRewriteOf('ContainerCreate');
  const context = { policy: openPolicy, idOf: () => Promise.resolve(undefined), judge: () => undefined };
  expect(String(await rewrite?.(Buffer.from(body), context))).toBe(
    '{"HostConfig":{"LogConfig":{"Config":{}},"Annotations":{},"Runtime":"bulkhead"}}',
  );
});
