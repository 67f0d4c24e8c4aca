import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** The process that relays for an engine with a way out: of all relays the one that has this engine's door open. */
export async function relayOf(dockerHost: string): Promise<number> {
  const door = dockerHost.replace('unix://', '').replace(/\/docker\.sock$/, '-egress.sock');
  const inodes = (await readFile('/proc/net/unix', 'utf8'))
    .split('\n')
    .filter((line) => line.endsWith(` ${door}`))
    .map((line) => line.trim().split(/\s+/)[6] ?? '');
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() !== 'egress-relay') continue;
    const find = ['-lname', 'socket:*', '-printf', '%l\n'];
    const { stdout } = await execa('/usr/bin/find', [`/proc/${pid}/fd`, ...find], { reject: false });
    if (inodes.some((inode) => stdout.includes(`socket:[${inode}]`))) return Number(pid);
  }
  throw new Error('no relay runs');
}
