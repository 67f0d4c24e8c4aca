import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { HostSide } from './forward-rules.js';

/** The default route of the VM. Undefined in one without a network. @param table the kernel's, /proc/net/route: addresses are hexadecimal, their bytes turned. */
export function readHostSide(table = readFileSync('/proc/net/route', 'utf8')): HostSide | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [card = '', destination, gateway = ''] = line.split('\t');
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/.test(gateway)) continue;
    const bytes = Buffer.from(gateway, 'hex').toReversed();
    return { interface: card, gateway: bytes.join('.') };
  }
  return undefined;
}

/** `INTERFACE,ADDRESS`, as PID 1 says it. Throws where it is not. */
export function parseHostSide(text: string): HostSide {
  const [card = '', gateway = '', ...more] = text.split(',');
  if (!/^[a-z0-9]{1,15}$/.test(card) || !isIPv4(gateway) || more.length > 0)
    throw new TypeError(`not a network card and an address: ${text}`);
  return { interface: card, gateway };
}
