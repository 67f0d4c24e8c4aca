import { execa } from 'execa';
import { chmod, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackedRoot } from '../../../scripts/unpacked-root.ts';
import type { Docker } from '../../support/docker.ts';
import { copyNpm, makeNpmProject } from '../../support/npm-project.ts';

export const workImage = 'bench/work';

/** Packages of this checkout that have no compiled parts; with what they need, a few thousand files. */
const wanted = ['@types/node', 'chai', 'commander', 'execa', 'fast-check', 'pino', 'zod'];

/** Of the unpacked userland: Node with its libraries, and busybox. */
const userland = [
  'usr/bin/node',
  'usr/bin/busybox',
  'usr/lib/x86_64-linux-gnu',
  'usr/lib64',
  'usr/share/nodejs',
];
const added = ['bench', 'bin', 'lib', 'lib64', 'usr/bin/sh', 'usr/lib/node_modules'];

/** Imports an image with Node, npm, the programs of this directory and an npm project with a filled cache. */
export async function importWorkImage(docker: Docker): Promise<void> {
  const root = await unpackedRoot();
  if (root === undefined) throw new Error('no unpacked userland; run `make run` once');
  const stage = await mkdtemp(join(tmpdir(), 'bulkhead-work-'));
  try {
    await fill(stage);
    const archive = join(stage, 'archive.tar');
    const members = ['-C', root, ...userland, '-C', stage, ...added];
    await execa('tar', ['-cf', archive, '--owner=0', '--group=0', ...members]);
    await docker.ok(['import', '--change', 'WORKDIR /bench', archive, workImage]);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function fill(stage: string): Promise<void> {
  const bench = join(stage, 'bench');
  for (const directory of ['bench', 'usr/bin', 'usr/lib/node_modules', 'scratch']) {
    await mkdir(join(stage, directory), { recursive: true });
  }
  await symlink('usr/bin', join(stage, 'bin'));
  await symlink('usr/lib', join(stage, 'lib'));
  await symlink('usr/lib64', join(stage, 'lib64'));
  await symlink('busybox', join(stage, 'usr/bin/sh'));
  await copyNpm(join(stage, 'usr/lib/node_modules/npm'));
  await execa('make', ['--silent', '-C', import.meta.dirname]);
  for (const program of ['data', 'files', 'mounts']) {
    await cp(join(import.meta.dirname, 'build', program), join(bench, program));
    await chmod(join(bench, program), 0o755);
  }
  for (const program of ['sqlite.mjs', 'npm-ci.mjs']) {
    await cp(join(import.meta.dirname, program), join(bench, program));
  }
  await makeNpmProject(bench, join(stage, 'scratch'), {
    wanted,
    manifest: { name: 'bench', version: '1.0.0' },
  });
}
