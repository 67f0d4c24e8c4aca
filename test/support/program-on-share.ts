import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';

/**
 * Copies a program of this machine with its loader and libraries into a directory that containers share, because no image of the tests has it.
 *
 * @returns the words that run it where that directory is mounted at `at`.
 */
export async function programOnShare(program: string, directory: string, at: string): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const { stdout } = await execa('ldd', [program]);
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, file]) => file ?? []);
  for (const file of [program, ...libraries]) await copyFile(file, join(directory, basename(file)));
  const loader = libraries.find((file) => basename(file).startsWith('ld-'));
  if (loader === undefined) throw new Error(`${program} has no loader: ${stdout}`);
  return [`${at}/${basename(loader)}`, '--library-path', at, `${at}/${basename(program)}`];
}
