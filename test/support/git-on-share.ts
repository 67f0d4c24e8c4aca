import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';

/**
 * Copies this machine's git with its loader and libraries into a directory that containers share, because no image of the tests has one.
 *
 * @returns the words that run it where that directory is mounted at `at`.
 */
export async function gitOnShare(directory: string, at: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { stdout: git } = await execa('which', ['git']);
  const { stdout } = await execa('ldd', [git]);
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, file]) => file ?? []);
  for (const file of [git, ...libraries]) await copyFile(file, join(directory, basename(file)));
  const loader = libraries.find((file) => basename(file).startsWith('ld-'));
  if (loader === undefined) throw new Error(`git has no loader: ${stdout}`);
  // Nothing of it starts another program, of which there are none in the container.
  const settings = ['gc.auto=0', 'maintenance.auto=false', 'user.name=a', 'user.email=a@example.org'];
  const given = settings.map((setting) => `-c ${setting}`).join(' ');
  return `${at}/${basename(loader)} --library-path ${at} ${at}/${basename(git)} ${given}`;
}
