import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalImage, imageText } from './canonical-image.js';
import { references } from './references.test-support.js';

const nameOf = (text: string): string | undefined => {
  const image = canonicalImage(text);
  return image === undefined ? undefined : imageText(image);
};

describe('the name of an image', () => {
  const rows = references.map(([written, canonical]) => ({ written, canonical }));

  test.each(rows)('$written', ({ written, canonical }) => {
    expect(nameOf(written)).toBe(canonical);
  });

  test('stands in the table once, however many there are', () => {
    expect(new Set(references.map(([written]) => written)).size).toBe(references.length);
  });

  test.each(rows.filter(({ canonical }) => canonical !== undefined))(
    'of $written is its own name',
    ({ canonical }) => {
      expect(nameOf(canonical ?? '')).toBe(canonical);
    },
  );

  test('is one that is taken as it is, whatever was written', () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9._:@%[\]*/-]{1,12}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const canonical = nameOf(parts.join('/'));
        expect(canonical === undefined ? undefined : nameOf(canonical)).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });

  test('of the Hub is never found under another registry', () => {
    const spelt = fc
      .constantFrom('docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com')
      .chain((host) => fc.mixedCase(fc.constant(host)));
    fc.assert(
      fc.property(spelt, fc.constantFrom('', ':443', ':80'), (host, port) => {
        expect(nameOf(`${host}${port}/x`)).toBe('docker.io/library/x:latest');
      }),
    );
  });
});
