import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorsPage } from './page.js';
import { errorRegistry } from './registry.js';

test('docs/errors.md lists the registry as it is', () => {
  expect(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage());
});

test.each(Object.entries(errorRegistry))(
  '%s says what happened and what to do',
  (_code, { message, remedy }) => {
    expect(message.length).toBeGreaterThan(10);
    expect(remedy).toMatch(/[.!)]$/);
  },
);
