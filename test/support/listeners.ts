import { readFile } from 'node:fs/promises';

const names = new Map([
  ['0100007F', '127.0.0.1'],
  ['00000000', '0.0.0.0'],
  ['00000000000000000000000001000000', '::1'],
  ['00000000000000000000000000000000', '::'],
]);

/** Addresses on which a TCP port is listened on in the network namespace of a process (proc_pid_net(5)), sorted. */
export async function listening(pid: number | 'self', port: string | number): Promise<string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const found = tables.join('').matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F:]+ 0A /gm);
  return [...found]
    .filter(([, , hex = '']) => Number.parseInt(hex, 16) === Number(port))
    .map(([, address = '']) => names.get(address) ?? address)
    .sort();
}
