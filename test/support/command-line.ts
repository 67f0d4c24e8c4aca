import { join } from 'node:path';

/** The `bulkhead` command of this checkout as a program for Node; it runs what `tsc --build` has put into `dist`. */
export const commandLine = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
