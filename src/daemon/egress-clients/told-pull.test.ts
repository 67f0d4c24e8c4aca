import { expect, test } from 'vitest';
import { toldPull } from './told-pull.js';

const digest = `sha256:${'a'.repeat(64)}`;
const name = { repository: 'ghcr.io/acme/tool', tag: 'v1', digest };
const image = { id: `sha256:${'b'.repeat(64)}`, layers: [digest] };
const pulled = { kind: 'pulled', number: 1, names: [name], image };
const told = (more: object): unknown => toldPull(JSON.stringify({ ...pulled, ...more }));

test('what the gateway says was pulled is taken as it is', () => {
  expect(told({})).toEqual(pulled);
  const { image: _, ...named } = pulled;
  expect(toldPull(JSON.stringify(named))).toEqual(named);
  const hub = { repository: 'docker.io/library/nginx', digest };
  expect(told({ names: [hub] })).toEqual({ ...pulled, names: [hub] });
});

test.each([
  ['a name of no registry', 'acme/tool'],
  ['the Hub by another of its names', 'index.docker.io/library/nginx'],
  ['another form of the host', 'GHCR.io/acme/tool'],
  ['a host that is read in several ways', '0x7f.1/acme/tool'],
])('%s is passed over', (_what, repository) => {
  const other = { ...name, repository };
  expect(told({ names: [other, name] })).toEqual(pulled);
  expect(told({ names: [other] })).toBeUndefined();
});

test.each([
  ['no digest', { names: [{ ...name, digest: 'sha256:1' }] }],
  ['no name', { names: [] }],
  ['too many names', { names: Array.from({ length: 21 }, () => name) }],
  ['an id that is none', { image: { ...image, id: 'x' } }],
  ['too many layers', { image: { ...image, layers: Array.from({ length: 257 }, () => digest) } }],
  ['something more', { who: 'developer' }],
  ['another kind', { kind: 'connection' }],
])('a line with %s is none', (_what, more) => {
  expect(told(more)).toBeUndefined();
  expect(toldPull('no JSON')).toBeUndefined();
});
