import { execa } from 'execa';
import { programOnShare } from './program-on-share.ts';

/**
 * Copies this machine's git with its loader and libraries into a directory that containers share, because no image of the tests has one.
 *
 * @returns the words that run it where that directory is mounted at `at`.
 */
export async function gitOnShare(directory: string, at: string): Promise<string> {
  const { stdout: git } = await execa('which', ['git']);
  const words = await programOnShare(git, directory, at);
  // Nothing of it starts another program, of which there are none in the container.
  const settings = ['gc.auto=0', 'maintenance.auto=false', 'user.name=a', 'user.email=a@example.org'];
  const given = settings.map((setting) => `-c ${setting}`).join(' ');
  return `${words.join(' ')} ${given}`;
}

/** What git is to do in a new checkout at /w, for a shell: two commits, a branch, and what it says of changes between them. */
export function gitWork(git: string): string {
  return [
    `g() { ${git} "$@"; }`,
    'export HOME=/tmp; cd /w; mkdir src; for i in $(seq 100); do echo $i > src/$i; done',
    'g init -q --template=; g add .; g commit -qm one; g status --porcelain',
    'echo changed > src/1; rm src/2; echo new > src/new; g status --porcelain',
    'g add -A; g commit -qm two; g checkout -q -b other HEAD~1; cat src/1; g checkout -q -; cat src/1',
    'g log --format=%s',
  ].join('\n');
}
