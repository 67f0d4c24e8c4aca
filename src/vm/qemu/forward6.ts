import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasLoaded } from './preloaded.js';

/** Built by `make -C src/vm/forward6`; the same place whether this module runs from `src` or from `dist`. */
export const forward6Library = fileURLToPath(
  new URL('../../../src/vm/forward6/build/forward6.so', import.meta.url),
);

interface Place {
  readonly address: string;
  readonly port: number;
}

/**
 * Has a QEMU listen at IPv6 addresses, which its own command does not take: each has a name among IPv4's, 127.6.x.y, that forward6.c replaces by what a link in a
 * directory of the user's says while it is added.
 */
export class Forward6 {
  readonly #directory: string;
  readonly #names = new Map<string, string>();
  #last = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** What a QEMU is started with. @param directory that nobody but the user writes in; it is made. */
  static async environment(directory: string): Promise<Readonly<Record<string, string>>> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return { FORWARD6_DIRECTORY: directory };
  }

  /** Undefined where the process has not loaded the library, and can't. */
  static async of(pid: number, directory: string | undefined): Promise<Forward6 | undefined> {
    const isThere = directory !== undefined && (await hasLoaded(pid, forward6Library));
    return isThere ? new Forward6(directory) : undefined;
  }

  /** @param forward by which QEMU listens at a name. */
  async add(place: Place, forward: (name: string) => Promise<void>): Promise<void> {
    const name = this.#freeName();
    const link = join(this.#directory, `${name}:${place.port}`);
    await rm(link, { force: true });
    await symlink(keyOf(place), link);
    try {
      await forward(name);
      this.#names.set(keyOf(place), name);
    } finally {
      await rm(link, { force: true });
    }
  }

  async remove(place: Place, forward: (name: string) => Promise<void>): Promise<void> {
    const name = this.#names.get(keyOf(place));
    if (name === undefined) throw new Error(`QEMU does not listen on ${keyOf(place)}`);
    await forward(name);
    this.#names.delete(keyOf(place));
  }

  #freeName(): string {
    const taken = new Set(this.#names.values());
    for (;;) {
      this.#last = (this.#last + 1) & 0xffff;
      const name = `127.6.${this.#last >> 8}.${this.#last & 255}`;
      if (!taken.has(name)) return name;
    }
  }
}

const keyOf = ({ address, port }: Place): string => `[${address}]:${port}`;
