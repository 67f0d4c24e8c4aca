import { expect, test } from 'vitest';
import { checkContainerCreate } from '../container-create.js';
import { readEngineJson } from '../engine-json.js';
import type { GatePolicy } from '../policy.js';
import { openPolicy } from '../policy.test-support.js';

const policy = { ...openPolicy, contact: 'Ada' };
const create =
  (hostConfig: object, over: Partial<GatePolicy> = {}) =>
  (): void => {
    const body = JSON.stringify({ Image: 'docker:cli', HostConfig: hostConfig });
    checkContainerCreate(readEngineJson(body).folded, { ...policy, ...over });
  };
const wishes = [
  { Binds: ['/var/run/docker.sock:/s'] },
  { Binds: ['/var//run/./docker.sock/:/s:ro'] },
  { Mounts: [{ Type: 'bind', Source: '/run/docker.sock', Target: '/s' }] },
];

test.each(wishes)('E01: %j is refused where no image may have the Docker socket', (hostConfig) => {
  expect(create(hostConfig)).toThrow(
    'docker socket mount denied for container with image "docker.io/library/docker"; allowed image list is empty',
  );
  expect(create(hostConfig)).toThrow('Ask Ada');
  expect(create(hostConfig, { dockerSocket: true })).not.toThrow();
});

test.each([
  { Binds: ['/run/docker/docker.sock:/s'] },
  { Binds: ['/run:/s'] },
  { Mounts: [{ Type: 'bind', Source: '/run/bulkhead/sockets', Target: '/s' }] },
])('E11: %j is refused whoever may have it', (hostConfig) => {
  expect(create(hostConfig, { dockerSocket: true })).toThrow('restricted host mount');
});

test('a volume that leads there is no way to it', () => {
  const options = { type: 'none', o: 'bind', device: '/var/run/docker.sock' };
  const mount = { Type: 'volume', Target: '/s', VolumeOptions: { DriverConfig: { Options: options } } };
  expect(create({ Mounts: [mount] }, { dockerSocket: true })).toThrow('volume');
});
