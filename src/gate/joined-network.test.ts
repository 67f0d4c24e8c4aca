import { describe, expect, test } from 'vitest';
import { decideRequest } from './decide-request.js';
import { type ContainerIds, joinById } from './joined-network.js';
import { openPolicy } from './policy.test-support.js';
import { RequestBody } from './request-body.js';

async function withJoinedId(text: string, idOf: ContainerIds): Promise<string> {
  const body = new RequestBody(text);
  await joinById(body, idOf);
  return body.text;
}

const policy = { ...openPolicy, ownNetworks: ['10.0.2.15/24'] };
const id = 'abcdef01'.repeat(8);
const decide = (target: string, body?: string): void => {
  decideRequest({ method: 'POST', target, body }, policy);
};
const withMode = (mode: unknown): string => JSON.stringify({ HostConfig: { NetworkMode: mode } });

describe('the body of a container that joins the network of another', () => {
  const known = async (reference: string): Promise<string | undefined> =>
    Promise.resolve(reference === 'web' || reference === '../web' ? id : undefined);

  test.each([
    ['{"HostConfig":{"NetworkMode":"container:web"}}', `{"HostConfig":{"NetworkMode":"container:${id}"}}`],
    ['{"HostConfig":{"NetworkMode":"container:../web"}}', `{"HostConfig":{"NetworkMode":"container:${id}"}}`],
    [
      '{"Image":"a","hostconfig":{"Memory":9223372036854775807,"networkMODE":"container:web"}}',
      `{"Image":"a","HostConfig":{"Memory":9223372036854775807,"NetworkMode":"container:${id}"}}`,
    ],
  ])('%s becomes %s', async (text, expected) => {
    expect(await withJoinedId(text, known)).toBe(expected);
  });

  test('so do those for processes and shared memory, which dockerd would look up at each start', async () => {
    const asked = { PidMode: 'container:web', IpcMode: 'container:../web', NetworkMode: 'none' };
    expect(JSON.parse(await withJoinedId(JSON.stringify({ HostConfig: asked }), known))).toEqual({
      HostConfig: { PidMode: `container:${id}`, IpcMode: `container:${id}`, NetworkMode: 'none' },
    });
  });

  test.each([
    '{}',
    '{"HostConfig":null}',
    withMode(null),
    withMode('bridge'),
    withMode('Container:web'),
    withMode(`container:${id}`),
  ])('%s stays as it is, and nobody is asked', async (text) => {
    expect(await withJoinedId(text, async () => Promise.reject(new Error('asked')))).toBe(text);
  });

  test.each([
    [withMode('container:gone'), 'BH_GATE_NO_CONTAINER'],
    [withMode('container:'), 'BH_GATE_NO_CONTAINER'],
    ['{"HostConfig":{"PidMode":"container:gone","SecurityOpt":["label=disable"]}}', 'BH_GATE_NO_CONTAINER'],
    ['{"HostConfig":{"IpcMode":"container:gone"}}', 'BH_GATE_NO_CONTAINER'],
    [withMode(7), 'BH_GATE_BODY'],
    ['{"HostConfig":{"NetworkMode":"none","networkmode":"container:web"}}', 'BH_GATE_BODY'],
    ['[]', 'BH_GATE_BODY'],
    ['{', 'BH_GATE_BODY'],
  ])('%s is refused', async (text, code) => {
    await expect(withJoinedId(text, known)).rejects.toMatchObject({ code });
  });
});

describe('requests that reach the engine', () => {
  test.each([
    ['/v1.51/containers/create?name=web', withMode(`container:${id}`)],
    [`/containers/create?name=${id}0`, withMode('bridge')],
    ['/containers/a/rename?name=b', undefined],
    [`/containers/${id}/rename?name=a`, undefined],
    ['/build?networkmode=bridge', undefined],
    [`/build?networkmode=container%3A${id}`, undefined],
  ])('%s with %s passes', (target, body) => {
    expect(() => {
      decide(target, body);
    }).not.toThrow();
  });

  test.each([
    ['/containers/create', withMode('container:web'), 'BH_GATE_JOINED_NETWORK'],
    ['/containers/create', withMode(`container:${id}0`), 'BH_GATE_JOINED_NETWORK'],
    ['/containers/create', '{"HostConfig":{"pidmode":"container:web"}}', 'BH_GATE_JOINED_NETWORK'],
    ['/containers/create', '{"HostConfig":{"IpcMode":"container:web"}}', 'BH_GATE_JOINED_NETWORK'],
    ['/containers/create', withMode(`container:${id.toUpperCase()}`), 'BH_GATE_JOINED_NETWORK'],
    [`/v1.51/containers/create?name=${id}`, '{}', 'BH_GATE_CONTAINER_NAME'],
    [`/containers/create?name=a&n%61me=%2F${id}`, '{}', 'BH_GATE_CONTAINER_NAME'],
    [`/v1.51/containers/a%2Fb/rename?name=${id}`, undefined, 'BH_GATE_CONTAINER_NAME'],
    ['/v1.51/build?networkmode=container:web', undefined, 'BH_GATE_JOINED_NETWORK'],
    ['/build?networkmode=&networkmode=container%3Aweb', undefined, 'BH_GATE_JOINED_NETWORK'],
  ])('%s with %s is refused', (target, body, code) => {
    expect(() => {
      decide(target, body);
    }).toThrow(expect.objectContaining({ code }));
  });
});
