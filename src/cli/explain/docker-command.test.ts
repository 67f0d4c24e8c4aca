import { expect, it } from 'vitest';
import { dockerCommand, dockerEnvironment } from './docker-command.js';

it.each([
  ['docker run alpine'],
  ['/usr/bin/docker create -it alpine'],
  ['docker container run --rm alpine'],
  ['docker run --host x alpine'],
])('%s is served', (line) => {
  expect(dockerCommand(line.split(' '))).toEqual(line.split(' '));
});

it.each([
  ['docker -H tcp://x run alpine'],
  ['docker --context x run alpine'],
  ['docker container --help'],
  ['docker rm -f x'],
  ['docker'],
  ['sh -c docker run'],
  ['podman run alpine'],
])('%s is not', (line) => {
  expect(() => dockerCommand(line.split(' '))).toThrow(
    expect.objectContaining({ code: 'BH_EXPLAIN_COMMAND' }),
  );
});

it('no variable leads to another engine', () => {
  const env = {
    PATH: '/bin',
    DOCKER_HOST: 'tcp://x',
    DOCKER_CONTEXT: 'x',
    DOCKER_TLS_VERIFY: '1',
    NONE: undefined,
  };
  expect(dockerEnvironment(env, '/s')).toEqual({ PATH: '/bin', DOCKER_HOST: 'unix:///s' });
});
