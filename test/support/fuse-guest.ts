import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { getSystemErrorName } from 'node:util';

const program = join(import.meta.dirname, '..', 'probes', 'build', 'fuse-guest');

/** Of FUSE 7.38, `linux/fuse.h` of kernel 6.1. */
export const operation = {
  lookup: 1,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  setxattr: 21,
  init: 26,
  opendir: 27,
  readdir: 28,
  create: 35,
  ioctl: 39,
  rename2: 45,
  copyFileRange: 47,
  setupMapping: 48,
  tmpfile: 51,
} as const;

/** The root of what is shared. */
export const rootNode = 1n;

export interface Answer {
  /** Its name, as `ENOENT`, or `done`. */
  readonly error: string;
  readonly data: Buffer;
}

/** Numbers of a FUSE structure: a plain number takes 32 bits, a big one 64. */
export function packed(...numbers: readonly (number | bigint)[]): Buffer {
  return Buffer.concat(
    numbers.map((number) => {
      const bytes = Buffer.alloc(typeof number === 'bigint' ? 8 : 4);
      if (typeof number === 'bigint') bytes.writeBigUInt64LE(number);
      else bytes.writeUInt32LE(number);
      return bytes;
    }),
  );
}

/** A name as FUSE has it, with its end. */
export const named = (name: string): Buffer => Buffer.from(`${name}\0`);

/** A request as it is sent; what its head says of its length can be a lie. */
export function requestOf(kind: number, node: bigint, body: Buffer, length = 40 + body.length): Buffer {
  return Buffer.concat([packed(length, kind, 1n, node, 0, 0, 1, 0), body]);
}

/** What SETATTR is asked to change. */
export function changed(valid: number, { size = 0n, mode = 0, user = 0 }): Buffer {
  return packed(valid, 0, 0n, size, 0n, 0n, 0n, 0n, 0, 0, 0, mode, 0, user, 0, 0);
}

/** A guest whose kernel has been taken over: it sends the server of a shared directory whatever it likes. */
export class FuseGuest implements AsyncDisposable {
  readonly #child;
  readonly #answers;
  #over = false;

  constructor(socket: string) {
    this.#child = spawn(program, [socket], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** What a FUSE file system in a kernel says first. */
  static async begun(socket: string): Promise<FuseGuest> {
    const guest = new FuseGuest(socket);
    const { error } = await guest.ask(
      operation.init,
      0n,
      packed(7, 36, 131_072, 0xff_ff_ff_ff, ...Array<number>(12).fill(0)),
    );
    if (error !== 'done') throw new Error(`the server does not begin: ${error}`);
    return guest;
  }

  /** @throws when the server has ended or is silent. */
  async ask(kind: number, node: bigint, ...body: readonly Buffer[]): Promise<Answer> {
    const said = await this.say(requestOf(kind, node, Buffer.concat(body)).toString('hex'));
    const bytes = Buffer.from(said, 'hex');
    if (bytes.length < 16) throw new Error(`no answer: ${said}`);
    const error = bytes.readInt32LE(4);
    return { error: error === 0 ? 'done' : getSystemErrorName(error), data: bytes.subarray(16) };
  }

  /** The node that a name leads to. @throws when it leads to none. */
  async node(name: string, parent = rootNode): Promise<bigint> {
    const { error, data } = await this.ask(operation.lookup, parent, named(name));
    if (error !== 'done') throw new Error(`${name}: ${error}`);
    return data.readBigUInt64LE(0);
  }

  /** A line of `fuse-guest`, and the line it says to that. */
  async say(line: string): Promise<string> {
    if (this.#over) return 'ended';
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    const said = done === true ? 'ended' : value;
    this.#over = said === 'ended' || said === 'silent';
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
