import { isIPv4, isIPv6 } from 'node:net';

/** Whether an address is one of the machine's loopback, in a form that is read in one way alone. */
export function isLoopback(address: string): boolean {
  return (isIPv4(address) && address.startsWith('127.')) || (isIPv6(address) && address === '::1');
}

/** Whether every system takes a name for its own loopback, without asking anybody (RFC 6761 §6.3). @param name canonical. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
