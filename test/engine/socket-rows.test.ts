import { afterAll, beforeAll, describe } from 'vitest';
import { commandRows } from './socket-rows/commands.ts';
import { imageRows } from './socket-rows/images.ts';
import { SocketMachine } from './socket-rows/machine.ts';
import { otherPolicyRows } from './socket-rows/other-policies.ts';

/**
 * Docker socket permissions, with real policy files. One machine; its engine is started with one policy after the other, and what one of them
 * allows another one refuses, so that each row is also seen with its rule off.
 */
const machine = new SocketMachine();
afterAll(async () => machine[Symbol.asyncDispose]());

describe('images of a list, and a list of denied commands', () => {
  beforeAll(async () => {
    await machine.start({
      imageList: { images: ['localhost:5000/tools/docker:cli', 'localhost:5000/testcontainers/ryuk:*'] },
      commandList: { type: 'deny', commands: ['push', 'plugin', 'login'] },
    });
    await machine.makeImages();
  }, 180_000);

  imageRows(machine);
  commandRows(machine);
});

otherPolicyRows(machine);
