/** Kept equal to package.json by a test; the bundled daemon has no package.json beside it. */
export const version = '0.1.0';
