import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSettings } from './read-settings.js';

const block = /^```json\n(?<text>[^]*?)^```$/gm;
const pages = ['docs/administrators.md', 'docs/policy.md'];

/** What a page shows as JSON. Newcomers hand it to `policy check` as it stands. */
const shown = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(block)].map(({ groups }, index): [string, string] => [
    `${page}, ${index + 1}`,
    groups?.['text'] ?? '',
  ]),
);

test('the pages show policies', () => {
  expect(shown.length).toBeGreaterThan(4);
});

test.each(shown)('%s is a policy that is in order', (place, text) => {
  expect(readSettings(new TextEncoder().encode(text), place).problems).toBeUndefined();
});
