import { expect, it } from 'vitest';
import { trialBody, volumesNamedBy } from './trial-body.js';

const body = {
  Image: 'x',
  HostConfig: {
    Privileged: true,
    PortBindings: { '80/tcp': [{ HostPort: '80' }] },
    RestartPolicy: { Name: 'always' },
    AutoRemove: true,
    Binds: ['one:/a', '/etc:/b', '/c'],
    Mounts: [
      { Type: 'volume', Source: 'two' },
      { Type: 'volume', Target: '/anonymous' },
      { Type: 'bind', Source: '/x' },
    ],
  },
};

it('takes out what would clash or stay, and nothing a rule looks at', () => {
  expect(trialBody(body)).toMatchObject({
    Image: 'x',
    HostConfig: {
      Privileged: true,
      PortBindings: {},
      RestartPolicy: {},
      AutoRemove: false,
      Binds: body.HostConfig.Binds,
      Mounts: body.HostConfig.Mounts,
    },
  });
  expect(trialBody('nonsense')).toBe('nonsense');
});

it('knows the volumes that would be made', () => {
  expect(volumesNamedBy(body)).toEqual(['one', 'two']);
  expect(volumesNamedBy({ Image: 'x' })).toEqual([]);
});

it('puts other volumes in the place of those it is told', () => {
  const renamed = trialBody(
    body,
    new Map([
      ['one', 'trial-1'],
      ['two', 'trial-2'],
      ['/x', 'never'],
    ]),
  );
  expect(renamed).toMatchObject({
    HostConfig: {
      Binds: ['trial-1:/a', '/etc:/b', '/c'],
      Mounts: [{ Source: 'trial-2' }, { Type: 'volume', Target: '/anonymous' }, { Source: '/x' }],
    },
  });
});

it('leaves names that are none to the engine', () => {
  expect(volumesNamedBy({ HostConfig: { Binds: ['no name:/a', './x:/b', 'x:/c', ':/d'] } })).toEqual([]);
});
