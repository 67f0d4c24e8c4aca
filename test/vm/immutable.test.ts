import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';

/** Rows I04 and I06: there is no way in but the control channel, and nothing to change but the data disk. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);

async function vmPid(): Promise<number> {
  const { vmPid: pid } = await instance.status();
  if (pid === null || pid === undefined) throw new Error('no VM runs');
  return pid;
}

describe('I04: no way in', () => {
  let lowest = '';
  beforeAll(async () => {
    lowest = (await instance.status()).network?.replace(/\.0\/24$/, '') ?? '';
    if (!/^\d+\.\d+\.\d+$/.test(lowest)) throw new Error('the VM has no network of 256 addresses');
  });
  const own = (last: number): string => `${lowest}.${last}`;

  test('QEMU listens on nothing, forwards nothing, and its serial console has no input', async () => {
    const pid = await vmPid();
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    expect(words.filter((word) => /hostfwd|guestfwd|telnet|vnc|server=on/.test(word))).toEqual([]);
    expect(words[words.indexOf('-serial') + 1]).toBe('chardev:console');
    // The other end of this socket pair is the controller's, which only reads.
    expect(words.filter((word) => /^(file|socket|pty|stdio|pipe|udp)?,?id=console/.test(word))).toEqual([
      'socket,id=console,fd=6',
    ]);

    const fds = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    const sockets = new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
    expect(sockets.size).toBeGreaterThanOrEqual(3); // the monitor and the two ports, or this looked at nothing
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
      const lines = (await readFile(`/proc/net/${table}`, 'utf8')).trim().split('\n').slice(1);
      const inodes = lines.map((line) => line.trim().split(/\s+/)[9] ?? '');
      expect(inodes.filter((inode) => sockets.has(inode))).toEqual([]);
    }
  });

  test('a container reaches no port of the VM: neither an engine, nor a shell', async () => {
    const name = unique('open');
    await docker.ok(['run', '-d', '--name', name, probe, 'sh', '-c', 'while nc -l -p 2375; do :; done']);
    try {
      const address = await docker.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name]);
      const ports = '22 23 80 111 443 2375 2376 2377 4243 5355 7946 9323';
      // The loop must find the one port that is open, so that finding none elsewhere says something.
      const script = `for a in $(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p') ${own(3)} ${address}; do
        for p in ${ports}; do nc -w 3 $a $p < /dev/null > /dev/null 2>&1 && echo $a:$p; done; done; true`;
      expect(await docker.ok(['run', '--rm', probe, 'sh', '-c', script])).toBe(`${address}:2375`);
    } finally {
      await docker.run(['rm', '-f', name]);
    }
  });

  test('a container reaches nothing that listens on the loopback of the host', async () => {
    const network = unique('six');
    const answer = 'host loopback';
    const listen = async (address: string): Promise<Server> => {
      const server = createServer((socket) => socket.on('error', () => undefined).end(answer)).listen(
        0,
        address,
      );
      await once(server, 'listening');
      return server;
    };
    const portOf = (server: Server): number => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('it listens on a port');
      return address.port;
    };
    const outside = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const servers = [await listen('127.0.0.1'), await listen('::1').catch(() => listen('127.0.0.1'))];
    if (outside !== undefined) servers.push(await listen(outside));
    const [four = 0, six = 0, other = 0] = servers.map(portOf);
    await docker.ok(['network', 'create', '--ipv6', network]);
    try {
      const script = [
        ...[own(1), own(2), own(4), '10.0.2.2', '255.255.255.255'].map((to) => `try ${to} ${four} 4`),
        ...['fec0::2', 'fec0::3'].map((to) => `try ${to} ${six} 4`),
        // The way to an address of the host that is not its loopback is open, or finding nothing says nothing.
        ...(outside === undefined ? [] : [`try ${outside} ${other} 30`]),
      ];
      const attempt = `try() { [ "$(nc -w $3 $1 $2 < /dev/null 2> /dev/null)" != "${answer}" ] || echo $1; }`;
      const words = ['run', '--rm', '--network', network, probe, 'sh', '-c', [attempt, ...script].join('\n')];
      const found = await docker.ok(words);
      expect(found).toBe(outside ?? '');
    } finally {
      for (const server of servers) server.close();
      await docker.run(['network', 'rm', network]);
    }
  });

  test.each([29, 16])('a network has no part of its own: /%i', async (prefix) => {
    const subnet = `${own(0)}/${prefix}`;
    const name = unique('subnet');
    const made = await docker.run(['network', 'create', '--subnet', subnet, name]);
    await docker.run(['network', 'rm', name]);
    expect(made.stderr).toContain(`rule network-drivers refuses the subnet ${subnet}`);
    expect(made.status).not.toBe(0);
  });

  test.each([
    ['its network namespace', ['--network', 'host'], /can't share a network namespace with the host/],
    ['its processes', ['--pid', 'host'], /can't share namespaces \[pid\] with the host/],
    ['its root', ['-v', '/:/vm'], /can't mount \/ /],
    ['the socket of its engine', ['-v', '/run/bulkhead/engine:/vm'], /can't mount \/run\/bulkhead\/engine /],
  ])('a container is not given %s', async (_what, flags, sentence) => {
    const { status, stderr } = await docker.run(['run', '--rm', '--privileged', ...flags, probe, 'true']);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(sentence);
  });
});

test('I06: the root is read-only and verified, as the daemon measures it', async () => {
  const { guest } = await instance.status();
  expect(guest?.rootFilesystem).toEqual({ readonly: true, verity: true });
  expect(guest?.kernel.modulesDisabled).toBe('1');
});
