import type { GatePolicy } from '../policy.js';
import type { Draft } from './draft.test-support.js';

/** A request that is refused, and the same one where the rule is off or has nothing to say. */
export interface Base {
  readonly name: string;
  /** The code it is refused with. */
  readonly code: string;
  readonly refused: Draft;
  /** What the rule lets pass; absent where the policy can let `refused` itself pass. */
  readonly passes: Draft;
  /** The policy under which `refused` itself passes. */
  readonly off?: Partial<GatePolicy>;
  /** How dockerd answers `passes`, which names nothing that there is. */
  readonly status: number;
}

const post = (path: string, body: unknown): Draft => ({
  method: 'POST',
  version: '/v1.51',
  path,
  query: undefined,
  body: JSON.stringify(body),
});
const ask = (method: string, path: string, query?: string): Draft => ({
  method,
  version: '/v1.51',
  path,
  query,
  body: undefined,
});
const shared = { shared: { directories: ['/etc'], throughLink: (): boolean => false } };
const image = 'no-such-image';
const nobody = '/containers/no-such-container';

const volume = (options: object): Draft => post('/volumes/create', { Name: 'request-variants', ...options });
/** The engine makes no network of this name. */
const network = (driver: string): Draft => post('/networks/create', { Name: ' ', Driver: driver });
const connect = (option: string): Draft =>
  post('/networks/no-such-network/connect', {
    Container: 'x',
    EndpointConfig: { DriverOpts: { [option]: 'x' } },
  });
const create = (bind: string): Draft =>
  post('/containers/create', { Image: image, HostConfig: { Binds: [bind], AutoRemove: true } });

/** Those every engine refuses. */
export const bases: readonly Base[] = [
  {
    name: 'a bind of the VM',
    code: 'BH_GATE_MOUNT',
    refused: create('/etc:/sink'),
    passes: create('disk:/sink'),
    off: shared,
    status: 404,
  },
  {
    name: 'a volume of a directory of the VM',
    code: 'BH_GATE_VOLUME',
    refused: volume({ DriverOpts: { type: 'none', o: 'bind', device: '/etc' } }),
    passes: volume({ Labels: { type: 'disk' } }),
    off: shared,
    status: 201,
  },
  {
    name: 'a network driver that is a path',
    code: 'BH_GATE_NETWORK',
    refused: network('../../sink'),
    passes: network('bridge'),
    status: 400,
  },
  {
    name: 'an option of an endpoint that is the engine’s',
    code: 'BH_GATE_ENDPOINT_OPTION',
    refused: connect('com.docker.network.portmap'),
    passes: connect('of.another.driver'),
    status: 404,
  },
  {
    name: 'a list of processes with other titles',
    code: 'BH_GATE_PROCESS_LIST',
    refused: ask('GET', `${nobody}/top`, 'ps_args=-o%20rss%3DPID'),
    passes: ask('GET', `${nobody}/top`, 'ps_args=-o%20rss'),
    status: 404,
  },
  {
    name: 'a name of the form of an id',
    code: 'BH_GATE_CONTAINER_NAME',
    refused: ask('POST', `${nobody}/rename`, `name=${'ab'.repeat(32)}`),
    passes: ask('POST', `${nobody}/rename`, 'name=some-other'),
    status: 404,
  },
  {
    name: 'an engine plugin',
    code: 'BH_GATE_ENDPOINT',
    refused: ask('POST', '/plugins/some/enable', 'timeout=0'),
    passes: ask('POST', `${nobody}/start`, 'detachKeys=ctrl-k'),
    status: 404,
  },
  {
    name: "the engine's memory",
    code: 'BH_GATE_ENDPOINT',
    refused: ask('GET', '/debug/vars', 'debug=1'),
    passes: ask('GET', `${nobody}/json`, 'size=1'),
    status: 404,
  },
];

/** Refused by a policy the engine of the tests does not run with. */
export const policyBases: readonly Base[] = [
  {
    name: 'a privileged process',
    code: 'BH_GATE_PRIVILEGED',
    refused: post(`${nobody}/exec`, { Cmd: ['sh'], Privileged: true }),
    passes: post(`${nobody}/exec`, { Cmd: ['sh'] }),
    off: { allowPrivileged: true },
    status: 404,
  },
];
