import { expect, test } from 'vitest';
import { ipAddressText } from '../../dist/common/ip-address.js';
import { type Docker, probe, unique } from '../support/docker.ts';
import { listening } from '../support/listeners.ts';
import { found, lookUp } from '../support/look-up.ts';
import type { OwnNames } from '../support/own-names.ts';
import { askOpen } from '../support/port-client.ts';

/** `linuxVM.vpnkitCIDR` and `dnsInhibition`, as a container of the VM sees them. */
export function addressRows(
  of: () => { readonly docker: Docker; readonly names: OwnNames },
  {
    gateway,
    server,
    inhibition,
  }: { readonly gateway: string; readonly server: string; readonly inhibition: 'ipv6' | 'none' },
): void {
  test(`linuxVM.vpnkitCIDR, dnsInhibition ${inhibition}: the VM and its containers have the addresses of the setting, and names those it leaves`, async () => {
    const { docker, names } = of();
    const [host, name] = ['host.docker.internal', `some.${names.domain}`];
    const asked = [lookUp(host), lookUp(name), 'echo THEN', lookUp(name, 'aaaa')];
    const script = ['cat /etc/resolv.conf', ...asked, 'ping -4 -c 1 short'].join('; ');
    const { stdout } = await docker.run(['run', '--rm', probe, 'sh', '-c', script]);
    const [byIpv4 = '', byIpv6 = ''] = stdout.split('THEN');
    expect.soft(stdout).toMatch(new RegExp(String.raw`^nameserver ${server}$`, 'm'));
    expect.soft([found(byIpv4, host), found(byIpv4, name)]).toEqual([gateway, names.ipv4]);
    expect.soft(found(byIpv6, name)).toBe(inhibition === 'none' ? names.ipv6 : undefined);
    // A name without a dot is looked up where the host does.
    expect.soft(stdout).toContain(`PING short (${names.ipv4})`);
  });
}

interface PortPlace {
  readonly docker: Docker;
  readonly loopback: readonly string[];
  readonly gateway: string;
}

/** Says to whoever connects who is connected (proc_pid_net(5)). */
const server = [probe, 'nc', '-ll', '-p', '80', '-e', 'cat', '/proc/net/tcp6'];

/** The address of who is, whatever becomes of the connection. */
function peerOf(table: string): string | undefined {
  const [, hex] = /^ *\d+: [0-9A-F]{32}:0050 ([0-9A-F]{32}):[0-9A-F]{4} (?!0A)/m.exec(table) ?? [];
  if (hex === undefined) return undefined;
  const value = BigInt(`0x${Buffer.from(hex, 'hex').swap32().toString('hex')}`);
  const isMapped = value >> 32n === 0xffffn;
  return ipAddressText(isMapped ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value });
}

/** `portBindingBehavior`, seen on the host's own sockets, and `defaultNetworkingMode`, seen in containers. */
export function portRows(of: () => PortPlace): void {
  test('G07: the host listens on its loopback alone, and who connects is the gateway of the setting', async () => {
    const { docker, loopback, gateway } = of();
    const name = unique('server');
    await docker.ok(['run', '-d', '-p', '80', '--name', name, ...server]);
    const port = Number((await docker.ok(['port', name, '80'])).split(':').at(-1));
    expect(await listening('self', port)).toEqual(loopback);
    for (const address of loopback) expect(peerOf(await askOpen(address, port, ''))).toBe(gateway);
    await docker.ok(['rm', '-f', name]);
  });

  test('defaultNetworkingMode dual-stack: containers of a new network reach one another by IPv6', async () => {
    const { docker } = of();
    const [network, name] = [unique('families'), unique('server')];
    await docker.ok(['network', 'create', network]);
    try {
      await docker.ok(['run', '-d', '--network', network, '--name', name, ...server]);
      const facts = `{{(index .NetworkSettings.Networks "${network}").GlobalIPv6Address}}`;
      const own = await docker.ok(['inspect', '-f', facts, name]);
      expect(own).toMatch(/^fd/);
      const client = ['run', '--rm', '--network', network, probe, 'nc', '-w', '20', own, '80'];
      expect(peerOf(await docker.ok(client))).toMatch(/^fd/);
    } finally {
      await docker.run(['rm', '-f', name]);
      await docker.run(['network', 'rm', network]);
    }
  });
}
