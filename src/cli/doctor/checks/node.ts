import { isNodeTooOld, oldestNode } from '../../node-version.js';
import { type Check, ok, problem } from '../check.js';

/** `main.ts` does not get here with an older one; who runs the commands in another way has not asked it. */
export const nodeCheck: Check<{ readonly version: string }> = {
  name: 'node',
  gather: async ({ machine }) => ({ version: machine.nodeVersion }),
  judge: ({ version }) => [
    isNodeTooOld(version)
      ? problem(
          `Node ${version} is too old: ${oldestNode} or newer is needed`,
          'Run `make setup`, whose packages bring one that `npx bulkhead` uses, or install a newer Node.',
        )
      : ok(`Node ${version}`),
  ],
};
