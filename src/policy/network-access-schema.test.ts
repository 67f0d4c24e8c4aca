import { expect, test } from 'vitest';
import { networkAccessSchema } from './network-access-schema.js';

const problems = (rule: object): readonly string[] =>
  networkAccessSchema
    .safeParse({ default: 'deny', rules: [rule] })
    .error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];

test.each([
  { to: 'example.com:443', action: 'allow' },
  { to: ['example.com', '*.example.com', '10.0.0.0/8'], ports: '80,443', action: 'deny' },
  { to: '*', ports: 22, images: ['node:*', 'ghcr.io/acme/*'], labels: ['team=web', 'x'], action: 'allow' },
  { to: '*.corp.example', addresses: ['10.0.0.0/8'], action: 'allow' },
])('%j is a rule', (rule) => {
  expect(problems(rule)).toEqual([]);
});

test.each([
  [{ to: 'example.com' }, 'action: '],
  [{ to: [], action: 'allow' }, 'to: '],
  [{ to: 'http://example.com', action: 'allow' }, 'to: '],
  [
    { to: 'example.com:443', ports: '80', action: 'allow' },
    'ports: ports stand behind a destination already',
  ],
  [{ to: 'example.com', ports: '0', action: 'allow' }, 'ports: '],
  [{ to: 'example.com', images: [], action: 'allow' }, 'images: '],
  [{ to: 'example.com', images: ['UPPER'], action: 'allow' }, 'images.0: '],
  [{ to: 'example.com', labels: ['=x'], action: 'allow' }, 'labels.0: '],
  [{ to: 'example.com', labels: { team: 'web' }, action: 'allow' }, 'labels: '],
  [{ to: 'example.com', addresses: ['10.0.0.1/8'], action: 'allow' }, 'addresses.0: '],
  [{ to: 'example.com', addresses: ['10.0.0.0/8'], action: 'deny' }, 'addresses: of a rule that denies'],
  [{ to: 'example.com', action: 'allow', log: true }, ': '],
])('%j is none', (rule, problem) => {
  expect(problems(rule).join('\n')).toContain(problem);
});

test('without a default it is nothing: nobody should have to guess', () => {
  expect(networkAccessSchema.safeParse({ rules: [] }).success).toBe(false);
  expect(networkAccessSchema.parse({ default: 'deny' })).toEqual({ default: 'deny', rules: [] });
});
