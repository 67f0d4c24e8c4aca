import {
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  fstatSync,
  closeSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../common/cause.js';

/** Files a log is kept in, as effects. What rejects or throws does so with what the system says. */
export interface LogDirectory {
  /** Names of the files there are; makes the directory. */
  names(): readonly string[];
  /** The end of a file, at most `length` bytes; and how long it is. */
  tail(name: string, length: number): { readonly bytes: Buffer; readonly size: number };
  /** Adds to a file, which is made when it is missing. Resolves with how many bytes it took, fewer when something is wrong then. */
  append(name: string, bytes: Buffer): Promise<Appended>;
  /** The same before it returns. Throws what the system says. */
  appendNow(name: string, text: string): void;
  remove(name: string): Promise<void>;
  /** Opens a file for reading; what is appended later is not read. Undefined when there is nothing in it, or it is gone. */
  open(name: string): Promise<AsyncIterable<Buffer> | undefined>;
}

export interface Appended {
  readonly written: number;
  /** What the system said when that is not all. */
  readonly error?: Error;
}

/** No link is followed: nobody but bulkheadd writes here, and what somebody put here all the same is not written through. */
const appending =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A directory of mode 0700 with files of mode 0600. Node opens every file with O_CLOEXEC (libuv, `uv_fs_open`). Nothing is synced: a line is
 * safe from the end of any process with the write, and after a loss of power the last seconds are missing, of the containers' own files too.
 */
export class SystemLogDirectory implements LogDirectory {
  readonly #path: string;
  /** The files written to, by name; one for each series. */
  readonly #open = new Map<string, FileHandle>();

  constructor(path: string) {
    this.#path = path;
  }

  names(): readonly string[] {
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    return readdirSync(this.#path);
  }

  tail(name: string, length: number): { readonly bytes: Buffer; readonly size: number } {
    const fd = openSync(join(this.#path, name), reading);
    try {
      const { size } = fstatSync(fd);
      const bytes = Buffer.alloc(Math.min(length, size));
      const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
      return { bytes: bytes.subarray(0, read), size };
    } finally {
      closeSync(fd);
    }
  }

  async append(name: string, bytes: Buffer): Promise<Appended> {
    let written = 0;
    try {
      const file = await this.#writable(name);
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
      return { written };
    } catch (error) {
      return { written, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  appendNow(name: string, text: string): void {
    const fd = openSync(join(this.#path, name), appending, 0o600);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
  }

  async remove(name: string): Promise<void> {
    const file = this.#open.get(name);
    this.#open.delete(name);
    await file?.close();
    await unlink(join(this.#path, name));
  }

  async open(name: string): Promise<AsyncIterable<Buffer> | undefined> {
    const file = await open(join(this.#path, name), reading).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    if (size > 0) return file.createReadStream({ end: size - 1 });
    await file.close();
    return undefined;
  }

  async #writable(name: string): Promise<FileHandle> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    this.names();
    const file = await open(join(this.#path, name), appending, 0o600);
    this.#open.set(name, file);
    return file;
  }
}
