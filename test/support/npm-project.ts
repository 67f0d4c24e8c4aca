import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { z } from 'zod';

const entrySchema = z.looseObject({
  version: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  /** Compiled parts for one platform each: those of others are not installed. */
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) });
type Lock = z.infer<typeof lockSchema>;

const root = join(import.meta.dirname, '..', '..');

/** Directory of a package as Node finds it from another's directory; both as the lock file names them. */
function resolve(lock: Lock, from: string, name: string): string {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
    if (at === '') throw new Error(`the lock file lacks ${name}`);
  }
}

function closure(lock: Lock, wanted: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    const { dependencies, optionalDependencies } = lock.packages[path] ?? {};
    const names = Object.keys({ ...dependencies, ...optionalDependencies });
    for (const name of names) visit(resolve(lock, path, name));
  };
  for (const name of wanted) visit(resolve(lock, '', name));
  return [...found];
}

export interface NpmProject {
  /** Packages that are installed in this checkout. */
  readonly wanted: readonly string[];
  /** package.json, without what it depends on. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/**
 * Makes `<target>/project` with a lock file and `<target>/cache` with every package it locks, made of those installed in
 * this checkout: `npm ci --offline` needs nothing else, and npm looks content up by the hash alone.
 */
export async function makeNpmProject(
  target: string,
  scratch: string,
  { wanted, manifest }: NpmProject,
): Promise<void> {
  const lock = lockSchema.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const paths = closure(lock, wanted);
  const tarballs: string[] = [];
  const packages: Record<string, unknown> = {};
  const versions: Record<string, string> = {};
  for (const path of paths) {
    // Of another platform; the lock file has to name it all the same.
    if (!existsSync(join(root, path))) {
      packages[path] = { ...lock.packages[path], dev: undefined };
      continue;
    }
    const tarball = join(scratch, `${tarballs.length}-${basename(path)}.tgz`);
    await makeTarball(join(root, path), tarball);
    tarballs.push(tarball);
    const integrity = `sha512-${createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64')}`;
    const resolved = `http://packages.invalid/${basename(tarball)}`;
    packages[path] = { ...lock.packages[path], resolved, integrity, dev: undefined };
    const name = path.replace(/^node_modules\//, '');
    if (wanted.includes(name)) versions[name] = lock.packages[path]?.version ?? '';
  }
  const project = { ...manifest, dependencies: versions };
  await mkdir(join(target, 'project'), { recursive: true });
  await writeFile(join(target, 'project', 'package.json'), JSON.stringify(project));
  const written = { ...project, lockfileVersion: 3, requires: true, packages: { '': project, ...packages } };
  await writeFile(join(target, 'project', 'package-lock.json'), JSON.stringify(written));
  await execa('npm', ['cache', 'add', `--cache=${join(target, 'cache')}`, '--loglevel=error', ...tarballs]);
}

/** As npm packs: everything below `package/`, without packages installed inside. */
async function makeTarball(source: string, tarball: string): Promise<void> {
  const options = ['--exclude=./node_modules', '--transform=s,^\\.,package,', '--sort=name', '--owner=0'];
  await execa('tar', ['-czf', tarball, '-C', source, ...options, '--group=0', '.']);
}

/** The npm program of this machine, as one directory. */
export async function copyNpm(target: string): Promise<void> {
  const { stdout } = await execa('sh', ['-c', 'readlink -f "$(command -v npm)"'], { preferLocal: false });
  const directory = join(stdout, '..', '..');
  await cp(directory, target, { recursive: true, verbatimSymlinks: true });
}
