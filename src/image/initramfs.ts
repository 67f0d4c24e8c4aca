import type { CpioEntry } from './cpio.js';
import { writeCpio } from './cpio.js';

/** A module and its uncompressed bytes. */
export interface ModuleFile {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * The initramfs: one program, the modules it loads and their order, nothing else. `/dev/console` must exist before devtmpfs is mounted, or
 * the first program runs without standard output and a failure is silent.
 */
export function writeInitramfs(init: Buffer, modules: readonly ModuleFile[]): Buffer {
  const directories = ['dev', 'modules', 'proc', 'root', 'sys'];
  const entries: CpioEntry[] = [
    ...directories.map((path) => ({ path, type: 'directory' as const, mode: 0o755 })),
    { path: 'dev/console', type: 'character-device', mode: 0o600, device: [5, 1] },
    { path: 'init', type: 'file', mode: 0o755, data: init },
    { path: 'modules/boot.list', type: 'file', mode: 0o644, data: moduleList('/modules', modules) },
    ...modules.map(({ name, data }) => ({
      path: `modules/${name}.ko`,
      type: 'file' as const,
      mode: 0o644,
      data,
    })),
  ];
  return writeCpio(entries);
}

/** One absolute path a line, in load order: docs/architecture.md, "Paths inside the root". */
export function moduleList(dir: string, modules: readonly { readonly name: string }[]): Buffer {
  return Buffer.from(modules.map(({ name }) => `${dir}/${name}.ko\n`).join(''));
}
