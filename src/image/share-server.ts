import { chmod, copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { type ElfInfo, parseElf } from './elf.js';
import { hashFile } from './file-hash.js';
import { libraryDirs } from './libraries.js';
import type { Listing } from './listing.js';
import type { Manifest, ProgramFiles } from './manifest.js';

/** In the image's directory: what the host runs of it. */
export const shareServerDirectory = 'virtiofsd';
const programName = 'virtiofsd';
/** Where Debian's package has it. */
const installed = '/usr/libexec/virtiofsd';

/** Absolute paths of the server of shared directories and what it is run with. */
export interface ShareServerProgram {
  readonly loader: string;
  readonly libraries: string;
  readonly program: string;
}

/** Undefined for an image from before it was part of one. */
export function shareServerOf(imageDir: string, { shareServer }: Manifest): ShareServerProgram | undefined {
  if (shareServer === undefined) return undefined;
  const libraries = join(imageDir, shareServerDirectory);
  return { loader: join(libraries, shareServer.loader), libraries, program: join(libraries, programName) };
}

/**
 * Copies the server of shared directories out of the packages, with its loader and every library, into a directory beside the root: it runs on
 * the host, whose release may have none, or one too old for id-mapped mounts. Throws `BH_IMAGE_RULE` where a package lacks a part.
 */
export async function writeShareServer(
  userland: string,
  listing: Listing,
  imageDir: string,
): Promise<ProgramFiles> {
  const directory = join(imageDir, shareServerDirectory);
  const { loader, sources } = await programFiles(listing, async (path) =>
    parseElf(await readFile(join(userland, path))),
  );
  await mkdir(directory);
  const files: ProgramFiles['files'] = [];
  for (const [name, source] of sources) {
    const target = join(directory, name);
    await copyFile(join(userland, source), target);
    await chmod(target, name === programName || name === loader ? 0o755 : 0o644);
    files.push({ path: name, ...(await hashFile(target)) });
  }
  await chmod(directory, 0o755);
  return { loader, files };
}

/** File name in the directory → path in the packages, sorted; libraries by the name the loader looks for. */
export async function programFiles(
  listing: Listing,
  readElf: (path: string) => Promise<ElfInfo | undefined>,
): Promise<{ readonly loader: string; readonly sources: ReadonlyMap<string, string> }> {
  const sources = new Map([[programName, resolveLinks(listing, installed)]]);
  const program = await readElf(installed);
  const loader = basename(program?.interpreter ?? '');
  const pending = [loader, ...(program?.needed ?? [])];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (sources.has(name)) continue;
    const found = libraryDirs.map((dir) => `${dir}/${name}`).find((path) => listing.has(path));
    if (found === undefined) throw missing(`no package provides ${JSON.stringify(name)}, which it needs`);
    const path = resolveLinks(listing, found);
    sources.set(name, path);
    pending.push(...((await readElf(path))?.needed ?? []));
  }
  return { loader, sources: new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function resolveLinks(listing: Listing, path: string): string {
  let at = path;
  for (let links = 0; links < 8; links++) {
    const node = listing.get(at);
    if (node?.type === 'file') return at;
    if (node?.type !== 'symlink') break;
    at = posix.resolve(posix.dirname(at), node.target);
  }
  throw missing(`${path} is no file of the packages`);
}

function missing(reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file: installed, reason });
}
