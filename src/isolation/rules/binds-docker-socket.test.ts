import { describe, expect, it } from 'vitest';
import type { IsolationRequest, SocketGrant } from '../request.js';
import { binding, building, type Over } from '../testing/binds.js';
import { planFor, refusalFor } from '../testing/expect.js';
import { opened, systemMount } from '../testing/requests.js';

const onRun = {
  device: '0:24',
  mount: { ...systemMount, mountPoint: '/run', filesystem: 'tmpfs', mountOptions: ['rw'] },
};
const standIn: Over = { realPath: '/run/docker.sock', kind: 'file', inode: '4710', ...onRun };
const path = '/run/bulkhead/sockets/0123/docker.sock';
const own: Over = { kind: 'socket', inode: '99', ...onRun };
const granted: SocketGrant = { kind: 'granted', path, indices: [2] };

function asking(
  dockerSocket: SocketGrant | undefined,
  fact: Over = own,
  at = path,
  ...options: string[]
): IsolationRequest {
  const request = binding('/var/run/docker.sock', standIn, 'rbind', ...options);
  return {
    ...request,
    facts: [...request.facts, opened(at, fact)],
    ...(dockerSocket === undefined ? {} : { dockerSocket }),
  };
}

describe('the Docker socket', () => {
  it('is that of the container itself, staged as every bind', () => {
    const plan = planFor(asking(granted));
    expect(plan.binds).toEqual([
      { index: 2, readonly: false, nosuid: true, nodev: true, noexec: true, idmap: true, recursive: false },
    ]);
    expect(plan.spec.mounts?.[0]?.source).toBe('/run/bulkhead/stage/b2');
    expect(planFor(asking(granted, own, path, 'ro')).binds[0]?.readonly).toBe(true);
  });

  it('is refused with the documented text where the image is not allowed', () => {
    const denied: SocketGrant = {
      kind: 'denied',
      image: 'docker.io/library/docker',
      because: 'allowed image list is empty',
    };
    expect(refusalFor(asking(denied)).message).toContain(
      'enhanced container isolation: docker socket mount denied for container with image "docker.io/library/docker"; allowed image list is empty',
    );
  });

  it.each<[string, IsolationRequest]>([
    ['nothing was granted', asking(undefined)],
    ['another path was opened', asking(granted, own, '/run/bulkhead/sockets/4567/docker.sock')],
    ['a link led elsewhere', asking(granted, { ...own, realPath: '/run/bulkhead/sockets/4567/docker.sock' })],
    ['it is no socket', asking(granted, { ...own, kind: 'file' })],
    ['it is asked for more often than granted', twice(asking(granted))],
    ['it was not opened', { ...asking(granted), facts: asking(granted).facts.slice(0, 2) }],
    [
      'it is the engine’s own',
      binding('/x', { realPath: '/run/docker/docker.sock', kind: 'socket', ...onRun }),
    ],
    ["it is another container's", binding(path, { ...own, realPath: path })],
    ['a file beside it is meant', binding('/run/docker.sock', { ...standIn, inode: '4711' })],
    ['a build step asks', { ...building('/var/run/docker.sock', standIn), dockerSocket: granted }],
  ])('is refused where %s', (_why, request) => {
    expect(refusalFor(request).message).toContain('restricted host mount');
  });
});

function twice(request: IsolationRequest): IsolationRequest {
  const { spec, facts } = request;
  const [root, asked, socket] = facts;
  if (root === undefined || asked === undefined || socket === undefined) throw new Error('three facts');
  return {
    ...request,
    spec: { ...spec, mounts: [...(spec.mounts ?? []), ...(spec.mounts ?? [])] },
    facts: [root, asked, asked, socket],
    dockerSocket: { kind: 'granted', path, indices: [3] },
  };
}
