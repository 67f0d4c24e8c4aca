import type { LogDirectory } from './log-directory.js';

/** A directory in memory, with a limit after which the disk is full. */
export interface FakeLogDirectory extends LogDirectory {
  readonly files: Map<string, Buffer>;
  /** Bytes that still fit. */
  room: number;
  /** Writes so far. */
  writes: number;
}

export function fakeLogDirectory(): FakeLogDirectory {
  const files = new Map<string, Buffer>();
  const take = (name: string, bytes: Buffer): number => {
    fake.writes += 1;
    const written = Math.min(bytes.length, fake.room);
    fake.room -= written;
    files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), bytes.subarray(0, written)]));
    return written;
  };
  const full = (): Error => new Error('ENOSPC: no space left on device, write');
  const fake: FakeLogDirectory = {
    files,
    room: Number.POSITIVE_INFINITY,
    writes: 0,
    names: () => [...files.keys()],
    tail(name, length) {
      const content = files.get(name) ?? Buffer.alloc(0);
      return { bytes: content.subarray(Math.max(0, content.length - length)), size: content.length };
    },
    append: async (name, bytes) => {
      const written = take(name, bytes);
      return Promise.resolve(written === bytes.length ? { written } : { written, error: full() });
    },
    appendNow(name, text) {
      if (take(name, Buffer.from(text)) < text.length) throw full();
    },
    remove: async (name) => {
      files.delete(name);
      return Promise.resolve();
    },
    open: async (name) => {
      const content = files.get(name);
      return Promise.resolve(content === undefined ? undefined : once(content));
    },
  };
  return fake;
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  // In pieces that cut lines and characters.
  for (let at = 0; at < content.length; at += 7) yield Promise.resolve(content.subarray(at, at + 7));
}
