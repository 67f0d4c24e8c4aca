import { type Docker, probe, unique } from './docker.ts';
import { eventually } from './eventually.ts';

/** Where a container listens that has an address of the world's, in a network of the engine's that is given this address: as itself, or as its gateway's by a published port. */
export type Standing = 'container' | 'bridge';

/** Of a server at a published port of the engine's own loopback, which says nothing: whether anything was said to it. */
export async function isHeardAtLoopback(
  docker: Docker,
  port: number,
  act: () => Promise<unknown>,
): Promise<boolean> {
  const name = unique('at-loopback');
  const listen = "while :; do nc -l -p 80 -e sh -c 'head -c 1 >> /heard'; done";
  const published = `127.0.0.1:${port}:80`;
  await docker.ok(['run', '-d', '--name', name, '-p', published, probe, 'sh', '-c', listen]);
  try {
    await eventually(
      async () => void (await docker.ok(['exec', name, 'grep', '-q', ':0050 ', '/proc/net/tcp6'])),
      30_000,
    );
    await act();
    return (await docker.run(['exec', name, 'test', '-s', '/heard'])).status === 0;
  } finally {
    await docker.run(['rm', '-f', name]);
  }
}

/** What whoever stands in the place of a server by TLS has heard while something was done: whether anything at all. */
export async function isHeardAt(
  { docker, address, standing }: { docker: Docker; address: string; standing: Standing },
  act: () => Promise<unknown>,
): Promise<boolean> {
  const name = unique('covering');
  const [a, b, c, last = ''] = address.split('.');
  const own = `${a}.${b}.${c}.${last === '9' ? 10 : 9}`;
  const gateway = standing === 'bridge' ? address : `${a}.${b}.${c}.${last === '8' ? 7 : 8}`;
  const flags = standing === 'bridge' ? ['--ip', own, '-p', `${address}:443:443`] : ['--ip', address];
  await docker.ok(['network', 'create', '--subnet', `${a}.${b}.${c}.0/24`, '--gateway', gateway, name]);
  try {
    const listen = "nc -l -p 443 -e sh -c 'head -c 1 > /heard'; sleep 600";
    await docker.ok(['run', '-d', '--name', name, '--network', name, ...flags, probe, 'sh', '-c', listen]);
    await eventually(
      async () => void (await docker.ok(['exec', name, 'grep', '-q', ':01BB ', '/proc/net/tcp6'])),
      30_000,
    );
    await act();
    return (await docker.run(['exec', name, 'test', '-s', '/heard'])).status === 0;
  } finally {
    await docker.run(['rm', '-f', name]);
    await docker.run(['network', 'rm', name]);
  }
}
