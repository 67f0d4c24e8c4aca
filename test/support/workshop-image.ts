import type { Docker } from './docker.ts';
import { accounts, importTestImage, type Recipe } from './test-images.ts';
import { suiteName } from '../../src/image/userland-argv.ts';

const busybox = ['grep', 'sed', 'find', 'awk', 'xargs', 'nc', 'wget', 'hostname', 'ps', 'id'];

/** What the projects of `test/projects` are built on. No maintainer script runs, so nothing of it is started or configured. */
const workshopRecipe: Recipe = {
  name: 'bulkhead-test/workshop',
  suite: suiteName,
  packages: (
    'postgresql postgresql-client redis-server python3 python3-flask python3-psycopg2 python3-redis nodejs ' +
    'git bash coreutils busybox-static'
  ).split(' '),
  files: {
    ...accounts,
    'etc/passwd': `${accounts['etc/passwd']}postgres:x:70:70::/data:/bin/sh\napp:x:1000:1000::/:/bin/sh\n`,
    'etc/group': `${accounts['etc/group']}postgres:x:70:\napp:x:1000:\n`,
  },
  links: {
    'usr/bin/sh': 'bash',
    ...Object.fromEntries(busybox.map((program) => [`usr/bin/${program}`, 'busybox'])),
  },
  changes: [],
};

/** Puts it into the engine. A minute the first time on a machine, then some seconds. */
export async function workshopImage(docker: Docker): Promise<string> {
  return importTestImage(docker, workshopRecipe);
}
