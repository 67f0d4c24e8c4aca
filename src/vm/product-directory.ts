import { fileURLToPath } from 'node:url';

/** Where the product itself lies: its programs, what they are built from and the libraries they load. Who writes there decides what the user, or root, runs next. */
export const productDirectory = fileURLToPath(new URL('../..', import.meta.url));
