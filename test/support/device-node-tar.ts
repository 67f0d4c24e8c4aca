import { tarArchive } from './tar-archive.ts';

/** An archive whose one member is the character device 1:5 (`/dev/zero`). */
export function deviceNodeTar(name: string): Buffer {
  return tarArchive([{ name, kind: 'character device', mode: 0o666, device: [1, 5] }]);
}

/** The same of a file. */
export function regularFileTar(name: string, text: string): Buffer {
  return tarArchive([{ name, mode: 0o666, content: text }]);
}
