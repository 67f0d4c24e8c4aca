import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { dockerEndpointCheck } from './docker-endpoint.js';

const own = ['unix:///run/b/default/docker.sock', 'unix:///run/b/default/engine/docker.sock'] as const;
const facts = {
  name: 'default',
  current: undefined,
  variable: undefined,
  own,
  native: false,
  openTo: undefined,
};

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
  [
    { openTo: '/tmp', current: { context: 'default', host: 'unix:///var/run/docker.sock' } },
    /^warning: docker leads elsewhere.*→ `eval.*No context is made, as other users may write to \/tmp: .*XDG_RUNTIME_DIR/,
  ],
  [
    { openTo: '/tmp', current: { context: 'bulkhead', host: own[0] } },
    /^warning: the context bulkhead leads to .*other users may write to \/tmp.*docker context rm bulkhead`/,
  ],
  [{ openTo: '/tmp', variable: own[0], current: { context: 'bulkhead', host: own[0] } }, /^ok/],
])('%j', (given, text) => {
  expect(judged(dockerEndpointCheck, { ...facts, ...given })[0]).toMatch(text);
});
