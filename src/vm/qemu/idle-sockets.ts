import { fileURLToPath } from 'node:url';

/**
 * Built by `make -C src/vm/idle-sockets`; the same place whether this module runs from `src` or from `dist`. A QEMU without it does all it should, more slowly the more
 * sockets its guest has.
 */
export const idleSocketsLibrary = fileURLToPath(
  new URL('../../../src/vm/idle-sockets/build/idle-sockets.so', import.meta.url),
);
