import { expect, it } from 'vitest';
import { parseRuntimeSpec } from '../oci/runtime-spec.js';
import { refuseUnparsed } from './known-fields.js';
import { defaultPolicy } from './policy.js';
import { containing } from './testing/expect.js';

it.each([
  [
    '{"ociVersion":"1","root":{"path":"/"},"linux":{"landlock":{}}}',
    'BH_ISOLATION_UNKNOWN_FIELD',
    'linux.landlock',
  ],
  ['{"ociVersion":1,"root":{"path":"/"},"linux":{}}', 'BH_ISOLATION_MALFORMED_SPEC', 'ociVersion'],
  ['', 'BH_ISOLATION_MALFORMED_SPEC', 'its start'],
])('known-fields: refuses %s by name', (text, code, field) => {
  const parsed = parseRuntimeSpec(text);
  if (parsed.ok) throw new Error('parsed');
  const refusal = refuseUnparsed(parsed, defaultPolicy);
  expect(refusal).toMatchObject({ rule: 'known-fields', code, message: containing(field) });
});
