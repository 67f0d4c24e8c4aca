// `npm ci` of /bench/project from the local cache of the image, offline. Prints the milliseconds of the fastest of three.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';

const installed = '/bench/project/node_modules';
const argv = ['/usr/lib/node_modules/npm/bin/npm-cli.js', 'ci', '--offline', '--cache=/bench/cache'];
argv.push('--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error');

let fastest = Number.POSITIVE_INFINITY;
for (let round = 0; round < 3; round += 1) {
  rmSync(installed, { recursive: true, force: true });
  const start = performance.now();
  execFileSync(process.execPath, argv, { cwd: '/bench/project', stdio: ['ignore', 'ignore', 'inherit'] });
  fastest = Math.min(fastest, performance.now() - start);
  if (readdirSync(installed).length < 10) throw new Error('npm ci installed next to nothing');
}
console.log(fastest.toFixed(3));
