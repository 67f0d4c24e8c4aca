import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideRequest } from './decide-request.js';
import { enginePath } from './engine-path.js';
import { openPolicy } from './policy.test-support.js';

const policy = { ...openPolicy, ownNetworks: ['10.0.2.15/24'] };

const create = (body: unknown, target = '/v1.51/containers/create?name=x'): void => {
  decideRequest(
    { method: 'POST', target, body: typeof body === 'string' ? body : JSON.stringify(body) },
    policy,
  );
};

describe('POST /containers/create', () => {
  test.each([
    {},
    { HostConfig: null },
    { HostConfig: { CgroupnsMode: 'private', PidMode: '' } },
    { HostConfig: { Binds: null, Mounts: [] } },
    { HostConfig: { Binds: ['data:/data', 'data_1.x:/data:ro', '/anonymous'] } },
    {
      HostConfig: {
        Mounts: [
          { Type: 'volume', Source: 'data', Target: '/d' },
          { Type: 'tmpfs', Target: '/t' },
        ],
      },
    },
    { HostConfig: { LogConfig: { Type: 'json-file', Config: {} } } },
    { NetworkingConfig: { EndpointsConfig: { a: null, b: {}, c: { DriverOpts: null } } } },
    {
      NetworkingConfig: {
        EndpointsConfig: {
          n: {
            DriverOpts: {
              'com.docker.network.endpoint.ifname': 'lan0',
              'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.log_martians=1',
              'of.another.driver': 'x',
            },
          },
        },
      },
    },
    { Labels: { KEY: '1', key2: 'Binds' }, HostConfig: { VolumeDriver: 'local' } },
  ])('lets %j pass', (body) => {
    expect(() => {
      create(body);
    }).not.toThrow();
  });

  test.each([
    [
      { HostConfig: { Binds: ['/etc:/e'] } },
      "can't mount /etc because it's configured as a restricted host mount",
    ],
    [{ hostconfig: { BINDS: ['/run/bulkhead:/e:ro'] } }, "can't mount /run/bulkhead"],
    [{ HostConfig: { Binds: ['./x:/e'] } }, "can't mount ./x"],
    [{ HostConfig: { Binds: ['/home/x/../../etc:/e'] } }, "can't mount /home/x/../../etc"],
    [{ HostConfig: { Binds: ['/tmp/:/e'] } }, "can't mount /tmp/"],
    [{ HostConfig: { Binds: ['/etcetera:/e'] } }, 'mounts denied: The path /etcetera is not shared'],
    [{ HostConfig: { Binds: ['/etc/../home:/e'] } }, 'mounts denied: The path /etc/../home is not shared'],
    [{ HostConfig: { Binds: ['/tmp/x:/e'] } }, 'mounts denied: The path /tmp/x is not shared'],
    [{ HostConfig: { Binds: [':/e'] } }, "can't mount "],
    [{ HostConfig: { Mounts: [{ Type: 'bind', Source: '/', Target: '/h' }] } }, "can't mount /"],
    [{ HostConfig: { Mounts: [{ type: 'npipe', Source: 'x' }] } }, "can't mount x"],
    [{ HostConfig: { Mounts: [{ Type: 'volume', Source: '/etc' }] } }, "can't mount /etc"],
    [
      {
        HostConfig: {
          Mounts: [{ Type: 'volume', VolumeOptions: { DriverConfig: { Options: { Device: '/etc' } } } }],
        },
      },
      'volume option device',
    ],
    [
      { HostConfig: { Mounts: [{ Type: 'volume', VolumeOptions: { DriverConfig: { Name: 'evil' } } }] } },
      'volume driver evil',
    ],
    [{ HostConfig: { VolumeDriver: 'evil' } }, 'volume driver evil'],
    [{ HostConfig: { LogConfig: { Type: 'fluentd' } } }, 'log driver fluentd'],
    [{ HostConfig: { CgroupnsMode: 'host' } }, "can't share namespaces [cgroup] with the host"],
    [
      { NetworkingConfig: { EndpointsConfig: { n: { DriverOpts: { 'com.docker.network.portmap': 'x' } } } } },
      'the option com.docker.network.portmap',
    ],
    [
      {
        networkingconfig: {
          endpointsconfig: { a: null, b: { driveropts: { 'com.docker.network.endpoint.exposedports': '' } } },
        },
      },
      'the option com.docker.network.endpoint.exposedports',
    ],
    [{ HostConfig: { Binds: 'x' } }, 'wrong type'],
    [{ HostConfig: { Binds: [{}] } }, 'not a string'],
    [{ HostConfig: [] }, 'wrong type'],
    ['[]', 'wrong type'],
    ['{', 'not JSON'],
    ['', 'no JSON body'],
    ['{"HostConfig":{"Binds":["/etc:/e"]},"HostConfig":{}}', 'twice'],
    ['{"HostConfig":{"Binds":["/etc:/e"],"binds":[]}}', 'twice'],
    ['{"HostConfig":{"Bind\\u017f":["/etc:/e"]}}', "can't mount /etc"],
    ['{"HostConfig":{"B\\u0069nds":["/etc:/e"],"Binds":null}}', 'twice'],
  ])('refuses %j', (body, text) => {
    expect(() => {
      create(body);
    }).toThrow(text);
  });

  test.each([
    '/containers/create',
    '/v1.24/containers/create',
    '/v1.51/%63ontainers/create',
    '/v1.51/containers%2fcreate',
    'http://x/v1.51/containers/create',
  ])('is recognised as %s', (target) => {
    expect(() => {
      create({ HostConfig: { Binds: ['/etc:/e'] } }, target);
    }).toThrow("can't mount");
  });

  test.each([
    '/v1.51//containers/create',
    '/v1.51/x/../containers/create',
    '/v1.51/%2e%2e/containers/create',
    '/%zz',
    'x',
  ])('a path that is not plain is refused: %s', (target) => {
    expect(() => {
      create({}, target);
    }).toThrow('not in the plain form');
  });
});

describe('other requests', () => {
  test.each([
    ['POST', '/v1.51/volumes/create', '{"Name":"x"}'],
    ['POST', '/v1.51/volumes/create', '{"Driver":"local","DriverOpts":null,"Labels":{}}'],
    ['POST', '/v1.51/networks/create', '{"Name":"x"}'],
    ['POST', '/v1.51/networks/create', '{"IPAM":{"Config":[{"Subnet":"10.0.3.0/24"},{"Gateway":""}]}}'],
    ['POST', '/v1.51/networks/create', '{"Driver":"bridge","IPAM":{"Driver":"default"},"Options":{}}'],
    ['POST', '/v1.51/networks/n/connect', '{"Container":"x"}'],
    ['POST', '/v1.51/networks/n/connect', '{"Container":"x","EndpointConfig":{"DriverOpts":{"a":"b"}}}'],
    ['GET', '/v1.51/images/x%2Fy:1/json', undefined],
    ['GET', '/v1.51/plugins', undefined],
    ['POST', '/v1.51/containers/abc/start', undefined],
    ['DELETE', '/v1.51/containers/abc', undefined],
    ['HEAD', '/_ping', undefined],
  ])('%s %s %s passes', (method, target, body) => {
    expect(() => {
      decideRequest({ method, target, body }, policy);
    }).not.toThrow();
  });

  test.each([
    [
      'POST',
      '/v1.51/volumes/create',
      '{"DriverOpts":{"type":"none","o":"bind","device":"/etc"}}',
      'volume option type',
    ],
    ['POST', '/v1.51/volumes/create', '{"Driver":"nfs"}', 'volume driver nfs'],
    ['POST', '/v1.51/volumes/create', undefined, 'no JSON body'],
    ['POST', '/v1.51/networks/create', '{"Driver":"../../x"}', 'network driver ../../x'],
    ['POST', '/v1.51/networks/create', '{"IPAM":{"Driver":"x"}}', 'address driver x'],
    ['POST', '/networks/create', '{"ipam":{"config":[{},{"SUBNET":"10.0.2.0/29"}]}}', 'subnet 10.0.2.0/29'],
    ['POST', '/networks/create', '{"ipam":{"config":[{"subnet":"10.0.2.3"}]}}', 'subnet 10.0.2.3'],
    ['POST', '/v1.51/networks/create', '{"driver":"macvlan","options":{"parent":"eth0"}}', 'option parent'],
    [
      'POST',
      '/v1.51/networks/n/connect',
      '{"Container":"x","EndpointConfig":{"DriverOpts":{"com.docker.network.portmap":"x"}}}',
      'the option com.docker.network.portmap',
    ],
    ['POST', '/networks/a%2Fb/connect', '', 'no JSON body'],
    ['GET', '/debug/pprof/heap', undefined, "the engine's memory"],
    ['GET', '/v1.51/debug/vars', undefined, "the engine's memory"],
    ['POST', '/v1.51/plugins/pull?remote=x', undefined, 'engine plugin'],
    ['POST', '/plugins/x/enable', undefined, 'engine plugin'],
    ['POST', '/v1.51/swarm/init', '{}', 'a swarm'],
    ['POST', '/v1.51/services/create', '{}', 'a swarm'],
  ])('%s %s %s is refused', (method, target, body, text) => {
    expect(() => {
      decideRequest({ method, target, body }, policy);
    }).toThrow(text);
  });
});

describe('docker create --privileged', () => {
  const create = (hostConfig: object, allowPrivileged: boolean) => () => {
    const body = JSON.stringify({ Image: 'x', HostConfig: hostConfig });
    const target = '/v1.51/containers/create';
    decideRequest({ method: 'POST', target, body }, { ...policy, contact: 'Ada', allowPrivileged });
  };

  test.each([{}, { Privileged: false }, { Privileged: null }])('%j passes', (hostConfig) => {
    expect(create(hostConfig, false)).not.toThrow();
  });

  test.each([{ Privileged: true }, { PRIVILEGED: true }, { privileged: 1 }])(
    '%j is refused with rule, setting and contact, and passes where policy allows it',
    (hostConfig) => {
      expect(create(hostConfig, false)).toThrow(/rule privileged.*bulkhead\.allowPrivileged.*Ask Ada/);
      expect(create(hostConfig, true)).not.toThrow();
    },
  );
});

describe('POST /containers/{id}/exec', () => {
  const exec = (body: unknown, target: string, allowPrivileged: boolean): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    decideRequest({ method: 'POST', target, body: text }, { ...policy, contact: 'Ada', allowPrivileged });
  };
  const target = '/v1.51/containers/web/exec';

  test.each([
    { Cmd: ['id'] },
    { Cmd: ['id'], Privileged: false },
    { Cmd: ['id'], Privileged: null, Env: ['Privileged=true'] },
  ])('%j passes', (body) => {
    expect(() => {
      exec(body, target, false);
    }).not.toThrow();
  });

  test.each([
    '{"Privileged":true}',
    '{"privileged":true}',
    '{"PRIV\\u0049LEGED":true}',
    '{"Privileged":1}',
    '{"Privileged":"false"}',
  ])('%s is refused with rule, setting and contact', (body) => {
    expect(() => {
      exec(body, target, false);
    }).toThrow(/privileged containers are not allowed here.*bulkhead\.allowPrivileged.*Ask Ada/);
    expect(() => {
      exec(body, target, true);
    }).not.toThrow();
  });

  test.each([
    ['{"Privileged":true,"Privileged":false}', 'twice'],
    ['{"Privileged":true,"privileged":false}', 'twice'],
    ['', 'no JSON body'],
    ['[]', 'wrong type'],
  ])('%s is not read with certainty', (body, text) => {
    expect(() => {
      exec(body, target, false);
    }).toThrow(text);
  });

  test.each([
    '/containers/web/exec',
    '/v1.51/containers/web%2Fexec',
    '/v1.51/containers/a/b/exec?x=y',
    '/v1.51/containers/a%0Ab/exec',
    '/v1.51/%63ontainers/web/%65xec',
  ])('is recognised as %s', (spelt) => {
    expect(() => {
      exec({ Privileged: true }, spelt, false);
    }).toThrow('privileged containers are not allowed here');
  });
});

test('no spelling of the keys hides a bind', () => {
  const spell = (word: string) =>
    fc
      .tuple(
        ...Array.from(word, (letter) => fc.constantFrom(letter, letter.toLowerCase(), letter.toUpperCase())),
      )
      .map((letters) => letters.join(''));
  fc.assert(
    fc.property(
      spell('HostConfig'),
      spell('Binds'),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (host, binds, rest) => {
        expect(() => {
          create({ ...rest, [host]: { [binds]: ['/etc:/e'] } });
        }).toThrow('enhanced container isolation');
      },
    ),
  );
});

test('the version is cut off only where the engine takes it as one', () => {
  expect(enginePath('/v1.51/containers/create')).toBe('/containers/create');
  expect(enginePath('/version')).toBe('/version');
});
