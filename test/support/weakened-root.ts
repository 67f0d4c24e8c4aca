import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const sources = join(import.meta.dirname, '..', '..', 'src');

/** A root file system, made for a test, whose daemon lacks some rules; nothing of the product knows of it. */
export interface WeakenedRoot {
  readonly path: string;
  unmount(): Promise<void>;
}

/**
 * Lays a daemon that was bundled without the named rules over an image's root. The rules are taken out while bundling, so that no
 * switch for it exists in what is shipped.
 *
 * @param erofs the root of the image; @param dir gets the mounts, and must be unmounted before it is removed.
 */
export async function weakenedRoot(
  erofs: string,
  dir: string,
  rules: readonly string[],
): Promise<WeakenedRoot> {
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'root'].map((name) => join(dir, name));
  if (lower === undefined || upper === undefined || work === undefined || merged === undefined)
    throw new Error('four names');
  const program = join(upper, 'usr/lib/bulkhead/bulkheadd.mjs');
  for (const made of [lower, work, merged, join(program, '..')]) await mkdir(made, { recursive: true });
  await writeFile(program, await daemonWithout(rules));
  await execa('mount', ['-t', 'erofs', '-o', 'loop,ro', erofs, lower]);
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

async function daemonWithout(rules: readonly string[]): Promise<string> {
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
      {
        name: 'weaken',
        setup(bundle) {
          bundle.onResolve({ filter: /\/rules\.js$/ }, ({ importer }) =>
            importer === 'weakened'
              ? undefined
              : { path: join(sources, 'isolation/rules.ts'), namespace: 'weakened' },
          );
          bundle.onLoad({ filter: /.*/, namespace: 'weakened' }, ({ path }) => ({
            resolveDir: join(sources, 'isolation'),
            contents: `import { isolationRules as all } from ${JSON.stringify(path)};
              const off = ${JSON.stringify(rules)};
              export const isolationRules = all.filter(({ name }) => !off.includes(name));
              if (isolationRules.length !== all.length - off.length) throw new Error('no such rule');`,
          }));
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? '';
}
