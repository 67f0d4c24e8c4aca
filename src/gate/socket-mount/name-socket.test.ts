import { expect, test } from 'vitest';
import { RequestBody } from '../request-body.js';
import { nameSocket } from './name-socket.js';

const shared = { directories: ['/home/ann/src'], throughLink: () => false };
const edited = (hostConfig: object): string => {
  const body = new RequestBody(JSON.stringify({ HostConfig: hostConfig }));
  nameSocket(body, { shared });
  return body.text;
};

test.each([
  ['/home/ann/.bulkhead/docker.sock', '/run/docker.sock'],
  ['/run/user/1000/bulkhead/default/docker.sock', '/run/docker.sock'],
  ['/tmp/x/../docker.sock', '/run/docker.sock'],
  ['/var/run/docker.sock', '/var/run/docker.sock'],
  ['/run/docker/docker.sock', '/run/docker/docker.sock'],
  ['/var/lib/docker.sock', '/var/lib/docker.sock'],
  ['/run/user/../docker/docker.sock', '/run/user/../docker/docker.sock'],
  ['/home/ann/src/docker.sock', '/home/ann/src/docker.sock'],
  ['/home/ann/other.sock', '/home/ann/other.sock'],
  ['docker.sock', 'docker.sock'],
])('%s is bound as %s', (source, bound) => {
  const mount = (Source: string) => ({ tYPE: 'bind', Target: '/s', Source });
  expect(edited({ Binds: ['a:/b', `${source}:/s:ro`] })).toBe(
    JSON.stringify({ HostConfig: { Binds: ['a:/b', `${bound}:/s:ro`] } }),
  );
  expect(edited({ Mounts: [{ Type: 'tmpfs' }, mount(source)] })).toBe(
    JSON.stringify({ HostConfig: { Mounts: [{ Type: 'tmpfs' }, mount(bound)] } }),
  );
});

test('what is no bind is left alone', () => {
  for (const hostConfig of [
    {},
    { Binds: null, Mounts: null },
    { Binds: [1], Mounts: [1, null] },
    { Mounts: [{ Type: 'volume', Source: '/home/ann/docker.sock' }] },
  ])
    expect(edited(hostConfig)).toBe(JSON.stringify({ HostConfig: hostConfig }));
});
