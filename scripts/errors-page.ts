/** Writes docs/errors.md from the error registry; `--check` only compares. Run after `tsc --build`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorsPage } from '../dist/common/errors/page.js';

const file = 'docs/errors.md';
const page = errorsPage();
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== page) {
    console.error(`${file} is out of date: run \`node scripts/errors-page.ts\``);
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, page);
}
