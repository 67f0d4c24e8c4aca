import { resolve } from 'node:path';

/** A directory of the host that containers are to have, as a person asks for it. */
export interface ShareRequest {
  /** Absolute and in its plain form; may still be a symbolic link. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** Reads `DIR[:ro|:rw]`. A directory whose name ends so is written with `:rw` behind it. Relative ones begin at the working directory. */
export function parseShare(text: string): ShareRequest {
  const { directory = text, mode } = /^(?<directory>.*?)(?::(?<mode>r[ow]))?$/s.exec(text)?.groups ?? {};
  return { path: resolve(directory), readOnly: mode === 'ro' };
}

/** As a setting has it, and a person writes it: what is writable has nothing behind it, unless its name would be read as more than a name. */
export function settingText(share: ShareRequest): string {
  const { path, readOnly } = share;
  return !readOnly && parseShare(path).path === path && !parseShare(path).readOnly ? path : shareText(share);
}

/** The same as text again, which reads as this and nothing else. */
export function shareText({ path, readOnly }: ShareRequest): string {
  return `${path}:${readOnly ? 'ro' : 'rw'}`;
}
