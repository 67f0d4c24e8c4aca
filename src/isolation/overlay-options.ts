import { posix } from 'node:path';

/** The layers of a mounted overlay, absolute, topmost first. */
export interface OverlayLayers {
  readonly lower: readonly string[];
  readonly upper?: string;
  readonly volatile: boolean;
}

/**
 * Reads the layers out of the options the kernel shows for an overlay (Documentation/filesystems/overlayfs.rst):
 * `lowerdir=a:b`, or one `lowerdir+=` for each layer where the new mount API made it. `\:` is a colon in a name.
 *
 * The kernel shows paths as they were given. Relative ones come from engines that changed directory to stay below the
 * one-page limit of mount(2): dockerd to `<data root>/overlay2` (all three relative), containerd to the directory that
 * holds its snapshots (only the lower ones relative, upper `<dir>/55/fs` beside lower `54/fs`).
 *
 * @param relativeBase what relative paths mean when the upper directory is relative too.
 * @returns a sentence when the options are not understood.
 */
export function overlayLayers(options: readonly string[], relativeBase: string): OverlayLayers | string {
  const values = (key: string) =>
    options.filter((option) => option.startsWith(key)).map((option) => option.slice(key.length));
  const listed = values('lowerdir=');
  const appended = values('lowerdir+=');
  if (values('datadir+=').length > 0) return 'it has data-only layers';
  if (listed.length > 1 || (listed.length > 0 && appended.length > 0)) return 'its layers are listed twice';
  const [list] = listed;
  const lower = list === undefined ? appended.map(unescape) : splitList(list);
  if (lower.length === 0) return 'it shows no lower layers';
  if (lower.includes('')) return 'it has data-only or empty layers';
  const [upper, ...moreUppers] = values('upperdir=').map(unescape);
  if (moreUppers.length > 0) return 'it shows two upper directories';
  const absoluteUpper = upper === undefined ? undefined : posix.resolve(relativeBase, upper);
  const base = upper?.startsWith('/') === true ? undefined : relativeBase;
  return {
    lower: lower.map((layer) => posix.resolve(base ?? snapshotsOf(upper ?? '/', layer), layer)),
    ...(absoluteUpper === undefined ? {} : { upper: absoluteUpper }),
    volatile: options.includes('volatile'),
  };
}

/** containerd: as many components above the upper directory as the relative layer has. */
function snapshotsOf(upper: string, layer: string): string {
  const ups = layer.split('/').map(() => '..');
  return posix.join(upper, ...ups);
}

/** Splits at the colons that no backslash escapes, and undoes the escapes. */
function splitList(list: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let index = 0; index < list.length; index++) {
    const character = list.charAt(index);
    if (character === '\\') {
      index++;
      part += list.charAt(index);
    } else if (character === ':') {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part];
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
