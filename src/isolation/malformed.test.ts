import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson, stringifyJson } from '../common/json.js';
import { parseRuntimeSpec, serialiseRuntimeSpec } from '../oci/runtime-spec.js';
import { broken, generatedSpecs } from './testing/promises.js';
import { requestFor } from './testing/requests.js';
import { containerSpec, privilegedSpec } from './testing/specs.js';

it(
  'a specification that is malformed anywhere is refused or still keeps every promise',
  { timeout: 600_000 },
  () => {
    const texts = [containerSpec(), privilegedSpec()].map((spec) => parseJson(serialiseRuntimeSpec(spec)));
    const places = texts.flatMap((text) => pathsOf(text).map((path) => ({ text, path })));
    const junk = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('', 'shared', -1, 2 ** 53));
    let parsable = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), junk, ({ text, path }, value) => {
        const parsed = parseRuntimeSpec(stringifyJson(replaced(text, path, value)));
        if (!parsed.ok) return;
        parsable += 1;
        const found = broken(requestFor(parsed.spec));
        if (found.length > 0) throw new Error(found.join('; '));
      }),
      { numRuns: Math.ceil(generatedSpecs * 0.2) },
    );
    // Otherwise the rules have not been asked.
    expect(parsable).toBeGreaterThan(generatedSpecs / 100);
  },
);

type Path = readonly string[];

function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const below = Object.entries(value).flatMap(([key, part]) => pathsOf(part).map((path) => [key, ...path]));
  return [[], ...below];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((part: unknown, index) => (String(index) === key ? replaced(part, rest, by) : part));
  if (typeof value !== 'object' || value === null) return by;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === key ? replaced(part, rest, by) : part]),
  );
}
