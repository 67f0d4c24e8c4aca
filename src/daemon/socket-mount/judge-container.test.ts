import { describe, expect, test } from 'vitest';
import type { ContainerCaller } from '../../gate/caller.js';
import { readEngineJson } from '../../gate/engine-json.js';
import { operationOf } from '../../gate/operations.js';
import { permittedOperations } from '../../gate/socket-mount/command-rules.js';
import { decideSocketMount, type SocketMountPolicy } from '../../gate/socket-mount/decide-image.js';
import { ImageList } from '../../gate/socket-mount/image-list.js';
import { checkCreate } from './check-create.js';
import { checkUpdate } from './check-update.js';
import { engineDouble, imageAnswers, imageIds } from './engine-double.test-support.js';
import { judgeContainer } from './judge-container.js';

const caller: ContainerCaller = { kind: 'container', id: 'a'.repeat(64), image: 'docker:cli' };
const socketMount = [{ Source: '/var/run/docker.sock' }];
const container = (Id: string, more: object = {}): object => ({
  Id,
  Image: imageIds.evil,
  Mounts: [],
  ...more,
});
const wide = container('b'.repeat(64), { Image: imageIds.cli, Mounts: socketMount });
/** Each is found by its id as well. */
const containers: Readonly<Record<string, object>> = {
  plain: container('c'.repeat(64)),
  other: container('5'.repeat(64)),
  wide,
  denied: container('d'.repeat(64), { Mounts: socketMount }),
  beside: container('e'.repeat(64), { HostConfig: { PidMode: 'container:wide' } }),
  me: { ...wide, Id: caller.id },
  joined: container('f'.repeat(64)),
  joinedByMe: container('9'.repeat(64)),
  joinedByPeer: container('8'.repeat(64)),
  onJoined: container('7'.repeat(64), { HostConfig: { IpcMode: 'container:joined' } }),
};
const client = engineDouble({
  ...imageAnswers,
  ...Object.fromEntries(
    Object.entries(containers).flatMap(([name, found]) =>
      [name, String(Reflect.get(found, 'Id'))].map((reference) => [`/containers/${reference}/json`, found]),
    ),
  ),
  '/exec/inJoined/json': { ContainerID: 'joined' },
  '/exec/inWide/json': { ContainerID: 'wide' },
});
/** The first image may push, what is made through its socket by others may not. */
const policy: SocketMountPolicy = {
  images: new ImageList([imageIds.cli, imageIds.derived]),
  allowDerived: false,
  commands: { type: 'deny', commands: ['push'] },
  rules: [{ images: new ImageList([imageIds.cli]), commands: { type: 'deny', commands: [] } }],
};
const decide = (id: string) => decideSocketMount({ id, names: [], digests: [], parents: [] }, policy);
/** Who runs in whose namespaces without that the joined one's record says so. */
const beside: Readonly<Record<string, { containerId: string; imageId: string }[]>> = {
  ['f'.repeat(64)]: [{ containerId: 'b'.repeat(64), imageId: imageIds.cli }],
  ['9'.repeat(64)]: [{ containerId: caller.id, imageId: imageIds.cli }],
  ['8'.repeat(64)]: [{ containerId: '6'.repeat(64), imageId: imageIds.derived }],
};
const options = {
  client,
  ownersBeside: (id: string) => beside[id] ?? [],
  policy,
  contact: 'Ada',
  decideById: async (id: string) => decide(id),
  permittedTo: async () => permittedOperations(policy.commands),
  lookup: async (name: string) => {
    const id = { cli: imageIds.cli, mine: imageIds.derived, evil: imageIds.evil }[name];
    return id === undefined ? undefined : { id, names: [], digests: [], parents: [] };
  },
};

async function judged(method: string, path: string, query?: string): Promise<string> {
  const bare = path.replace(/^\/v[\d.]+/, '');
  const request = { method, path, query, fields: [], framing: undefined, upgrade: undefined };
  return judgeContainer(
    {
      path: bare,
      operation: operationOf(method, bare),
      request: { ...request, expectsContinue: false, close: false },
    },
    caller,
    options,
  ).then(
    (served) => {
      expect(served.request.path).toBe(path.slice(0, -bare.length) + served.path);
      expect(operationOf(method, served.path)).toEqual(served.operation);
      return served.path === bare ? 'served' : `served as ${served.path}`;
    },
    (error: unknown) => String(error),
  );
}

describe('a request of a container', () => {
  test('E12: is refused with the documented text where its command is denied', async () => {
    expect(await judged('POST', '/v1.43/images/x/push', 'tag=latest')).toContain(
      'enhanced container isolation: docker command "/v1.43/images/x/push?tag=latest" is blocked; if you wish to allow it, configure the docker socket command list',
    );
    expect(await judged('GET', '/containers/json')).toBe('served');
    expect(await judged('POST', '/images/create', 'fromImage=x')).toBe('served');
  });

  test('cannot write escape sequences to a terminal', async () => {
    expect(await judged('POST', '/images/\u001b[31mx/push')).toContain('"/images/ [31mx/push"');
  });

  test.each([
    ['POST', '/containers/plain/exec', true],
    ['POST', '/containers/wide/exec', false],
    ['POST', '/exec/inWide/start', false],
    ['PUT', '/containers/wide/archive', false],
    ['POST', '/containers/wide/attach', false],
    ['POST', '/containers/wide/start', false],
    ['POST', '/containers/beside/exec', false],
    ['POST', '/containers/joined/exec', false],
    ['POST', '/exec/inJoined/start', false],
    ['POST', '/containers/onJoined/attach', false],
    ['POST', '/containers/joinedByMe/exec', true],
    ['POST', '/containers/joinedByPeer/exec', true],
    ['POST', '/containers/denied/exec', true],
    ['POST', '/containers/me/exec', true],
    ['GET', '/containers/wide/json', true],
    ['POST', '/containers/wide/stop', true],
  ])('%s %s', async (method, path, served) => {
    expect(await judged(method, path)).toMatch(
      served ? /^served/ : /would give this container the Docker socket of another one/,
    );
  });

  test.each([
    ['POST', '/v1.43/containers/plain/exec', 'exec'],
    ['POST', '/containers/plain/start', 'start'],
    ['PUT', '/v1.51/containers/plain/archive', 'archive'],
    ['POST', '/containers/plain/update', 'update'],
    ['GET', '/containers/plain/attach/ws', 'attach/ws'],
  ])('goes on with the id of the container that was judged: %s %s', async (method, path, what) => {
    expect(await judged(method, path)).toBe(`served as /containers/${'c'.repeat(64)}/${what}`);
    expect(await judged(method, path.replace('plain', 'nobody'))).toContain('No such container: nobody');
  });

  test('is as it was where it counts for nothing which container is meant, or none other can be', async () => {
    expect(await judged('GET', '/containers/plain/json')).toBe('served');
    expect(await judged('POST', `/containers/${caller.id}/start`)).toBe('served');
  });
});

test.each([
  ['networkmode=bridge', true],
  ['networkmode=container:plain', true],
  ['networkmode=&networkmode=container:wide', false],
  ['version=1&networkmode=container%3Abeside', false],
])('POST /build of a container, %s', async (query, served) => {
  expect(await judged('POST', '/build', query)).toMatch(
    served ? /^served$/ : /would give this container the Docker socket of another one/,
  );
});

test.each([
  ['plain', { Memory: 1 }, [], true],
  ['plain', { RestartPolicy: { Name: 'no' } }, ['start'], true],
  ['plain', { RestartPolicy: { Name: 'always' } }, [], true],
  ['plain', { restartpolicy: { NAME: 'on-failure' } }, ['start'], false],
  ['wide', { RestartPolicy: { Name: 'always' } }, ['push'], false],
] as const)(
  'POST /containers/%s/update of a container, %j where %j is denied',
  async (name, body, commands, served) => {
    const path = `/containers/${name}/update`;
    const request = {
      method: 'POST',
      path,
      query: undefined,
      fields: [],
      framing: undefined,
      upgrade: undefined,
    };
    const checked = checkUpdate(
      readEngineJson(JSON.stringify(body)).folded,
      { operation: operationOf('POST', path), request: { ...request, expectsContinue: false, close: false } },
      caller,
      { ...options, permittedTo: async () => permittedOperations({ type: 'deny', commands }) },
    );
    const answer = await checked.then(() => 'served', String);
    expect(answer).toMatch(served ? /^served$/ : /is blocked|would give this container/);
  },
);

describe('a container that is made', () => {
  const made = async (by: ContainerCaller | { kind: 'developer' }, body: object): Promise<string> => {
    const request = { path: '/containers/create', query: undefined };
    const whole = { method: 'POST', ...request, fields: [], framing: undefined, upgrade: undefined };
    return checkCreate(
      readEngineJson(JSON.stringify(body)).folded,
      { caller: by, request: { ...whole, expectsContinue: false, close: false } },
      options,
    ).then(
      (fixed) => `served ${[fixed?.image ?? 'as it is', ...(fixed?.volumesFrom ?? [])].join(' ')}`,
      (error: unknown) => String(error),
    );
  };
  const Binds = ['/var/run/../run/docker.sock:/s:ro'];
  const Mounts = [{ Type: 'bind', Source: '/run/docker.sock', Target: '/s' }];

  test.each([
    [
      'by the developer, an allowed image',
      { kind: 'developer' } as const,
      { Image: 'cli', HostConfig: { Binds } },
      'served as it is',
    ],
    [
      'E10: by the developer, another one',
      { kind: 'developer' } as const,
      { Image: 'evil', HostConfig: { Mounts } },
      /denied for container with image "docker.io\/library\/evil"; image is not in the allowed list/,
    ],
    [
      'by the developer, without a socket',
      { kind: 'developer' } as const,
      { Image: 'evil' },
      'served as it is',
    ],
    [
      'an image that is not there',
      { kind: 'developer' } as const,
      { Image: 'none', HostConfig: { Binds } },
      'served as it is',
    ],
    [
      'by a container, for the same commands',
      caller,
      { Image: 'mine', HostConfig: { Binds } },
      `served ${imageIds.derived}`,
    ],
    [
      'E15: by a container, of an image not allowed',
      caller,
      { Image: 'evil', HostConfig: { Binds } },
      /docker socket mount denied/,
    ],
    [
      'by a container, for more commands',
      caller,
      { Image: 'cli', HostConfig: { Mounts } },
      /would give this container/,
    ],
    [
      'by a container, with the files of more containers than anybody has',
      caller,
      { Image: 'mine', HostConfig: { VolumesFrom: Array.from({ length: 1000 }, (_, n) => `c${n}`) } },
      /shares with more than 32 containers/,
    ],
    [
      'by a container, with the files of one that has more',
      caller,
      { Image: 'mine', HostConfig: { VolumesFrom: ['wide:ro'] } },
      /would give this container/,
    ],
    [
      'by a container, with the files of others, each of which is named for good',
      caller,
      { Image: 'mine', HostConfig: { VolumesFrom: ['plain:ro', 'other'] } },
      `served ${imageIds.derived} ${'c'.repeat(64)}:ro ${'5'.repeat(64)}`,
    ],
    [
      'by a container, with the files of one that is not there',
      caller,
      { Image: 'mine', HostConfig: { VolumesFrom: ['nobody'] } },
      /No such container: nobody/,
    ],
    [
      'by a container, with the processes of one that has more',
      caller,
      { Image: 'evil', HostConfig: { PidMode: 'container:wide' } },
      /would give this container/,
    ],
    [
      'by a container, of an image that is not there',
      caller,
      { Image: 'none', HostConfig: { Binds } },
      /No such image: none/,
    ],
    ['by a container, without a socket', caller, { Image: 'evil' }, 'served as it is'],
  ])('%s', async (_what, by, body, answer) => {
    expect(await made(by, body)).toMatch(typeof answer === 'string' ? new RegExp(`^${answer}$`) : answer);
  });
});
