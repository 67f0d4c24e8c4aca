import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const packages = join(import.meta.dirname, '../../node_modules');
/** An open-source package that npm brings with its sources: of the smallest that are written in TypeScript. */
const source = '@jridgewell/trace-mapping';
/** What it depends on. */
export const packagesOfProject = ['@jridgewell/resolve-uri', '@jridgewell/sourcemap-codec'] as const;

const compilerOptions = {
  rootDir: 'src',
  outDir: 'dist',
  module: 'commonjs',
  moduleResolution: 'bundler',
  target: 'es2022',
  strict: true,
  types: [],
};

/** Its sources, and what its compiler wants to know; without the packages. */
export async function packageProject(directory: string): Promise<void> {
  for (const name of ['src', 'README.md', 'LICENSE'])
    await cp(join(packages, source, name), join(directory, name), { recursive: true });
  await writeFile(join(directory, '.gitignore'), 'dist\nnode_modules\n');
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
}
