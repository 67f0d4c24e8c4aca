import { describe, expect, test } from 'vitest';
import { decideRequest } from './decide-request.js';
import type { GatePolicy } from './policy.js';
import { openPolicy } from './policy.test-support.js';
import type { SharedPaths } from './shared-paths.js';

const shared: SharedPaths = {
  directories: ['/home/u', '/tmp/build-1'],
  sshAgent: '/run/host-services/ssh-auth.sock',
  throughLink: (path) => path.startsWith('/home/u/link'),
};
const policy = (paths: SharedPaths): GatePolicy => ({ ...openPolicy, contact: 'somebody', shared: paths });
const create = (HostConfig: unknown, paths = shared): void => {
  const body = JSON.stringify({ HostConfig });
  decideRequest({ method: 'POST', target: '/v1.51/containers/create', body }, policy(paths));
};
const volume = (DriverOpts: unknown): void => {
  decideRequest(
    { method: 'POST', target: '/v1.51/volumes/create', body: JSON.stringify({ DriverOpts }) },
    policy(shared),
  );
};

describe('binds of shared directories', () => {
  test.each([
    '/home/u',
    '/home/u/',
    '/home/u/a/b',
    '/home/u/a/../b',
    '/tmp/build-1/x',
    '/etc/../home/u/a',
    '//home/u',

    '/run/host-services/ssh-auth.sock',
  ])('%s passes', (source) => {
    expect(() => {
      create({ Binds: [`${source}:/x`] });
      create({ Mounts: [{ Type: 'bind', Source: source, Target: '/x' }] });
    }).not.toThrow();
  });

  test.each([
    ['/home/u2', 'mounts denied: The path /home/u2 is not shared'],
    ['/home', 'mounts denied: The path /home is not shared'],
    ['/home/u/../v', 'mounts denied: The path /home/u/../v is not shared'],
    ['/home/u/../../etc', "can't mount /home/u/../../etc because it's configured as a restricted host mount"],
    ['/proc/self/root/home/u', "can't mount /proc/self/root/home/u because"],
    ['/home/u/link', 'a symbolic link lies on the way'],
    ['/home/u/link/x', 'a symbolic link lies on the way'],
    ['/run/host-services', "can't mount /run/host-services because"],
    ['/run/host-services/ssh-auth.sock/..', "can't mount /run/host-services/ssh-auth.sock/.. because"],
  ])('%s is refused', (source, text) => {
    expect(() => {
      create({ Binds: [`${source}:/x:ro`] });
    }).toThrow(text);
    expect(() => {
      create({ Mounts: [{ Type: 'bind', Source: source, Target: '/x' }] });
    }).toThrow(text);
  });

  test('the ssh agent is refused with the name of its setting where it is not passed on', () => {
    expect(() => {
      create({ Binds: ['/run/host-services/ssh-auth.sock:/s'] }, { ...shared, sshAgent: undefined });
    }).toThrow('Setting: bulkhead.sshAgent, --ssh-agent');
  });

  test('a name of a volume is no path, shared or not', () => {
    expect(() => {
      create({ Mounts: [{ Type: 'volume', Source: '/home/u', Target: '/x' }] });
    }).toThrow("can't mount /home/u");
    expect(() => {
      create({ Mounts: [{ Source: '/home/u', Target: '/x' }] });
    }).toThrow("can't mount /home/u");
  });
});

describe('volumes on shared directories', () => {
  test.each([
    { type: 'none', o: 'bind', device: '/home/u/data' },
    { o: 'rbind', device: '/tmp/build-1' },
  ])('%j passes', (options) => {
    expect(() => {
      volume(options);
      create({ Mounts: [{ Type: 'volume', VolumeOptions: { DriverConfig: { Options: options } } }] });
    }).not.toThrow();
  });

  test.each([
    [{ type: 'none', o: 'bind', device: '/etc' }, 'volume option type'],
    [{ type: 'none', o: 'bind', device: '/home/u/../v' }, 'volume option type'],
    [{ type: 'none', o: 'bind', device: '/home/u/link/x' }, 'a symbolic link lies on the way'],
    [{ type: 'none', o: 'bind,ro', device: '/home/u' }, 'volume option type'],
    [{ type: 'none', o: 'bind,remount', device: '/home/u' }, 'volume option type'],
    [{ type: 'none', o: 'bind' }, 'volume option type'],
    [{ type: 'none', o: 'bind', device: '/home/u', size: '1m' }, 'volume option type'],
    [{ type: 'overlay', o: 'bind', device: '/home/u' }, 'volume option type'],
    [{ type: 'none', device: '/home/u' }, 'volume option type'],
    [
      { type: 'none', o: 'bind', device: '/run/host-services/ssh-auth.sock', extra: '' },
      'volume option type',
    ],
  ])('%j is refused', (options, text) => {
    expect(() => {
      volume(options);
    }).toThrow(text);
  });
});
