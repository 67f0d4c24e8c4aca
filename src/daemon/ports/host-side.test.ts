import { expect, test } from 'vitest';
import { parseHostSide, readHostSide } from './host-side.js';

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

test('the card and the gateway of the default route, its bytes as the kernel has them', () => {
  const bridge = 'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0';
  const route = 'eth0\t00000000\t0141A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0';
  expect(readHostSide([head, bridge, route, ''].join('\n'))).toEqual({
    interface: 'eth0',
    gateway: '192.168.65.1',
  });
});

test('a VM without a network has none', () => {
  expect(readHostSide(`${head}\n`)).toBeUndefined();
});

test('where the default route leads elsewhere PID 1 says both', () => {
  expect(parseHostSide('eth0,192.168.65.1')).toEqual({ interface: 'eth0', gateway: '192.168.65.1' });
  for (const text of [
    'eth0',
    'eth0,',
    ',192.168.65.1',
    'eth0,192.168.65.1,1',
    'eth 0,192.168.65.1',
    'eth0,::1',
  ])
    expect(() => parseHostSide(text)).toThrow('not a network card');
});
