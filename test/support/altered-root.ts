import { build, type Plugin } from 'esbuild';
import { execa } from 'execa';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const sources = join(import.meta.dirname, '..', '..', 'src');

/** A root file system, made for a test, whose daemon lacks rules, or that has more files; nothing of the product knows of it. */
export interface AlteredRoot {
  readonly path: string;
  unmount(): Promise<void>;
}

/**
 * Lays a daemon that was bundled without some rules over a root. It is altered while bundling, so that no switch for it exists in what is
 * shipped.
 *
 * @param root `root.erofs` of an image, or a directory; @param without rules the daemon lacks, by name; @param dir gets the mounts, and must be unmounted before it is removed; @param files texts below `/usr/lib/bulkhead`, by their paths without the first slash.
 */
export async function alteredRoot(
  root: string,
  dir: string,
  without: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<AlteredRoot> {
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'root'].map((name) => join(dir, name));
  if (lower === undefined || upper === undefined || work === undefined || merged === undefined)
    throw new Error('four names');
  const program = join(upper, 'usr/lib/bulkhead/bulkheadd.mjs');
  for (const made of [lower, work, merged, join(program, '..')]) await mkdir(made, { recursive: true });
  if (without.length > 0) await writeFile(program, await alteredDaemon(without));
  for (const [path, text] of Object.entries(files)) await writeFile(join(upper, path), text);
  const how = (await stat(root)).isDirectory() ? ['--bind'] : ['-t', 'erofs', '-o', 'loop,ro'];
  await execa('mount', [...how, root, lower]);
  try {
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    await execa('mount', ['-t', 'overlay', '-o', layers, 'overlay', merged]);
  } catch (error) {
    await execa('umount', [lower]);
    throw error;
  }
  return {
    path: merged,
    async unmount() {
      await execa('umount', [merged]);
      await execa('umount', [lower]);
    },
  };
}

async function alteredDaemon(without: readonly string[]): Promise<string> {
  const result = await build({
    entryPoints: [join(sources, 'daemon/main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: {
      js: "import{createRequire as bulkheadRequire}from'node:module';const require=bulkheadRequire(import.meta.url);",
    },
    plugins: [
      replaceModule(
        'rules',
        (original) => `import { isolationRules as all } from ${original};
        const off = ${JSON.stringify(without)};
        export const isolationRules = all.filter(({ name }) => !off.includes(name));
        if (isolationRules.length !== all.length - off.length) throw new Error('no such rule');`,
      ),
    ],
  });
  return result.outputFiles[0]?.text ?? '';
}

/** Puts other text in the place of one module of `src/isolation`, which that text may import. */
function replaceModule(name: string, contents: (original: string) => string): Plugin {
  const namespace = `altered-${name}`;
  const path = join(sources, 'isolation', `${name}.ts`);
  return {
    name: namespace,
    setup(bundle) {
      bundle.onResolve(
        { filter: new RegExp(`/${name}\\.js$`) },
        ({ namespace: importer, resolveDir, path: asked }) =>
          importer === namespace || join(resolveDir, asked.replace(/\.js$/, '.ts')) !== path
            ? undefined
            : { path, namespace },
      );
      bundle.onLoad({ filter: /.*/, namespace }, () => ({
        resolveDir: join(sources, 'isolation'),
        contents: contents(JSON.stringify(path)),
      }));
    },
  };
}
