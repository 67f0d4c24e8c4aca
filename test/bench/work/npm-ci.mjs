// npm-ci.mjs DIRECTORY: `npm ci` of /bench/project in a directory below DIRECTORY, from the local cache of the image, offline.
// Prints the milliseconds of the fastest of three.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const project = mkdtempSync(join(process.argv[2], 'npm-'));
cpSync('/bench/project', project, { recursive: true });
const installed = join(project, 'node_modules');
const argv = ['/usr/lib/node_modules/npm/bin/npm-cli.js', 'ci', '--offline', '--cache=/bench/cache'];
argv.push('--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error');

let fastest = Number.POSITIVE_INFINITY;
for (let round = 0; round < 3; round += 1) {
  rmSync(installed, { recursive: true, force: true });
  const start = performance.now();
  execFileSync(process.execPath, argv, { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] });
  fastest = Math.min(fastest, performance.now() - start);
  if (readdirSync(installed).length < 10) throw new Error('npm ci installed next to nothing');
}
rmSync(project, { recursive: true });
console.log(fastest.toFixed(3));
