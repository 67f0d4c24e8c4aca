export { parseAuthority } from './authority.js';
export { readFirstBytes } from './read-first-bytes.js';
export { type Authority, type FirstBytes, mostFirstBytes } from './types.js';
