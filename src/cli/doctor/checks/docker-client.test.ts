import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { dockerClientCheck } from './docker-client.js';

test.each([
  [{ client: undefined, plugins: {}, unpacked: [] }, [/^warning: no Docker client.* → Install the package/]],
  [
    { client: undefined, plugins: {}, unpacked: ['/c/bin/docker'] },
    [
      /^warning: no Docker client.* → There is one already: `sudo install \/c\/bin\/docker \/usr\/local\/bin\/`/,
    ],
  ],
  [
    { client: 'Docker version 28', plugins: { compose: 'Compose 2', buildx: 'buildx 0.2' }, unpacked: [] },
    ['ok: Docker version 28; Compose 2; buildx 0.2'],
  ],
  [
    { client: 'Docker version 28', plugins: { buildx: 'buildx 0.2' }, unpacked: [] },
    [/^ok/, /^warning: compose not found → Install docker-compose/],
  ],
  [
    { client: 'Docker version 28', plugins: {}, unpacked: ['/c/docker-compose'] },
    [/^ok/, /^warning: compose and buildx not found → Install docker-compose and docker-buildx/],
  ],
  [
    { client: 'Docker version 28', plugins: {}, unpacked: ['/c/docker-compose', '/c/docker-buildx'] },
    [
      /^ok/,
      /→ They are here already, .* ln -s \/c\/docker-compose \/c\/docker-buildx ~\/\.docker\/cli-plugins\/`/,
    ],
  ],
])('%j', (facts, expected) => {
  const found = judged(dockerClientCheck, facts);
  expect(found).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(found[index]).toMatch(text);
});
