import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyNpm, makeNpmProject } from './npm-project.ts';
import { programOnShare } from './program-on-share.ts';

/** Some hundred files in a dozen packages: what an emulated machine installs in half a minute. */
const wanted = ['zod', 'commander', 'execa', 'pino'];

/**
 * Puts Node, npm, a project and a cache of all it locks into a directory that containers share: `project`, `cache`, and what runs them.
 *
 * @returns the words of `npm ci` of that project, where the directory is mounted at `at`. No network is asked, nothing else is run.
 */
export async function npmOnShare(directory: string, at: string): Promise<string[]> {
  const scratch = `${directory}.scratch`;
  await mkdir(scratch, { recursive: true });
  try {
    const node = await programOnShare(process.execPath, join(directory, 'node'), `${at}/node`);
    await copyNpm(join(directory, 'npm'));
    const manifest = { name: 'of-a-test', version: '1.0.0', private: true };
    await makeNpmProject(directory, scratch, { wanted, manifest });
    const flags = [
      '--offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-progress',
      '--loglevel=error',
    ];
    const places = [`--cache=${at}/cache`, `--prefix=${at}/project`, `--userconfig=${at}/npmrc`];
    return [...node, `${at}/npm/bin/npm-cli.js`, 'ci', ...flags, ...places];
  } finally {
    await rm(scratch, { recursive: true });
  }
}
