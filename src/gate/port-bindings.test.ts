import { describe, expect, test } from 'vitest';
import { isLoopback } from '../common/loopback.js';
import { readEngineJson } from './engine-json.js';
import { asObject, objectAt } from './fields.js';
import { bindLocally, checkNetworkBinding, checkPortBindings, type PortBinding } from './port-bindings.js';
import { openPolicy } from './policy.test-support.js';
import { RequestBody } from './request-body.js';

const policyOf = (portBinding: PortBinding) => ({
  ...openPolicy,
  portBinding,
  loopback: ['127.0.0.1', '::1'],
  contact: 'Ada',
});

/** What becomes of the bindings of a request's ports. */
function bound(ports: string, portBinding: PortBinding): unknown {
  const body = new RequestBody(`{"Image": "x", "hostconfig": {"PORTBINDINGS": ${ports}}}`);
  bindLocally(body, { policy: policyOf(portBinding) });
  return body.hostConfig('PortBindings');
}

function check(ports: string, portBinding: PortBinding): () => void {
  const { folded } = readEngineJson(`{"HostConfig": {"PortBindings": ${ports}}}`);
  return () => {
    checkPortBindings(objectAt(asObject(folded, 'x'), 'hostconfig'), policyOf(portBinding));
  };
}

describe('G07 bindLocally', () => {
  const both = [
    { HostPort: '8080', HostIp: '127.0.0.1' },
    { HostPort: '8080', HostIp: '::1' },
  ];
  const random = [{ HostIp: '127.0.0.1' }, { HostIp: '::1' }];
  test.each([
    ['{"80/tcp": [{"HostPort": "8080"}]}', { '80/tcp': both }],
    ['{"80/tcp": [{"HostPort": "8080", "hostIP": ""}]}', { '80/tcp': both }],
    ['{"80/tcp": [{"HostPort": "8080", "HostIp": null}]}', { '80/tcp': both }],
    // As Go folds letters: this is HostIp as well.
    ['{"80/tcp": [{"HostPort": "8080", "ho\u017FtIp": ""}]}', { '80/tcp': both }],
    ['{"80/tcp": []}', { '80/tcp': random }],
    ['{"80/tcp": [null]}', { '80/tcp': random }],
    ['{"80/tcp": null}', { '80/tcp': random }],
    [
      '{"80/tcp": [{"HostIp": "192.0.2.1", "HostPort": "1"}], "53/udp": [{}]}',
      { '80/tcp': [{ HostIp: '192.0.2.1', HostPort: '1' }], '53/udp': random },
    ],
    ['{}', {}],
    ['null', null],
  ])('%s', (ports, expected) => {
    expect(bound(ports, 'default-local-port-binding')).toEqual(expected);
    expect(bound(ports, 'local-only-port-binding')).toEqual(expected);
  });

  test('by default nothing is changed', () => {
    expect(bound('{"80/tcp": null}', 'default-port-binding')).toEqual({ '80/tcp': null });
  });
});

describe('G07 checkPortBindings', () => {
  test.each([
    '',
    '0.0.0.0',
    '::',
    '192.0.2.1',
    '127.0.0.1.example',
    '::ffff:127.0.0.1',
    '128.0.0.1',
    '0177.0.0.1',
  ])('an address that is not of the loopback: %s', (address) => {
    const ports = JSON.stringify({ '80/tcp': [{ HostIp: address, HostPort: '8080' }] });
    expect(check(ports, 'local-only-port-binding')).toThrow(/port 80\/tcp on .*portBindingBehavior.*Ask Ada/);
    expect(check(ports, 'default-local-port-binding')).not.toThrow();
    expect(check(ports, 'default-port-binding')).not.toThrow();
  });

  test.each(['127.0.0.1', '127.8.9.10', '::1'])('%s is of the loopback', (address) => {
    expect(isLoopback(address)).toBe(true);
    const ports = JSON.stringify({ '80/tcp': [{ HostIp: address, HostPort: '8080' }] });
    expect(check(ports, 'local-only-port-binding')).not.toThrow();
  });

  test('what bindLocally makes of a request passes', () => {
    const ports = JSON.stringify(bound('{"80/tcp": null, "81/tcp": [{}]}', 'local-only-port-binding'));
    expect(check(ports, 'local-only-port-binding')).not.toThrow();
  });
});

describe('G07 checkNetworkBinding', () => {
  const bridge = 'com.docker.network.bridge.';
  const network = (options: object, portBinding: PortBinding) => () => {
    const { folded } = readEngineJson(JSON.stringify(options));
    checkNetworkBinding(asObject(folded, 'x'), policyOf(portBinding));
  };
  test.each([
    { [`${bridge}host_binding_ipv4`]: '0.0.0.0' },
    { [`${bridge}host_binding_ipv4`]: '' },
    { [`${bridge}gateway_mode_ipv4`]: 'routed' },
    { [`${bridge}gateway_mode_ipv6`]: 'nat-unprotected' },
    { [`${bridge}trusted_host_interfaces`]: 'eth0' },
  ])('%j is refused, and served without the setting', (options) => {
    expect(network(options, 'local-only-port-binding')).toThrow(/a network with com\.docker/);
    expect(network(options, 'default-local-port-binding')).not.toThrow();
  });

  test('others are served', () => {
    const options = {
      [`${bridge}host_binding_ipv4`]: '127.0.0.1',
      [`${bridge}gateway_mode_ipv4`]: 'nat',
      [`${bridge}name`]: 'br7',
    };
    expect(network(options, 'local-only-port-binding')).not.toThrow();
  });
});
