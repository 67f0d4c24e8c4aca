import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { dockerEndpointCheck } from './docker-endpoint.js';

const own = ['unix:///run/b/default/docker.sock', 'unix:///run/b/default/engine/docker.sock'] as const;
const facts = { name: 'default', current: undefined, variable: undefined, own, native: false };

test.each([
  [{}, /^ok: there is no Docker client/],
  [
    { current: { context: 'bulkhead', host: 'unix:///run/b/default/docker.sock' } },
    /^ok: docker leads to this/,
  ],
  [
    { current: { context: 'default', host: 'unix:///var/run/docker.sock' } },
    /^warning: .*context default\) → .*docker context use bulkhead`/,
  ],
  [
    { name: 'ci', current: { context: 'default', host: 'ssh://x' }, variable: 'ssh://x' },
    /^warning: DOCKER_HOST leads docker elsewhere: ssh:\/\/x → .*--name ci.*docker context use bulkhead-ci/,
  ],
  [{ variable: 'unix:///run/b/default/docker.sock' }, /^ok/],
  [
    { native: true, current: { context: 'default', host: 'unix:///var/run/docker.sock' } },
    /^warning: .*→ `export DOCKER_HOST=unix:\/\/\/run\/b\/default\/engine\/docker\.sock`/,
  ],
])('%j', (given, text) => {
  expect(judged(dockerEndpointCheck, { ...facts, ...given })[0]).toMatch(text);
});
