/** Writes docs/bulkhead.1 from the command line's own tree. Run after `tsc --build`; a unit test compares. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandTree } from '../dist/cli/manual/command-tree.js';
import { manPage } from '../dist/cli/manual/man-page.js';

const page = fileURLToPath(new URL('../docs/bulkhead.1', import.meta.url));
writeFileSync(page, manPage(await commandTree()));
