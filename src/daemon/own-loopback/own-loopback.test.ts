import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Exec } from '../../common/exec.js';
import { registryAccessSchema } from '../../policy/registry-access-schema.js';
import { keepOwnLoopback } from './index.js';

const audit = { record: () => undefined };
const policy = (rules: readonly object[]) => ({
  bulkhead: { registryAccess: registryAccessSchema.parse({ rules }) },
});

/** A firewall that says it has the entry, or not, and takes what it is told where it can. */
function firewall({ entered = false, status = 0 } = {}): { exec: Exec; told: string[] } {
  const told: string[] = [];
  const exec: Exec = {
    run: async (file, _words, { input } = {}) => {
      if (input === undefined) return Promise.resolve({ stdout: '', stderr: '', exitCode: entered ? 0 : 1 });
      told.push(`${file}\n${input}`);
      return Promise.resolve({ stdout: '', stderr: 'no table', exitCode: status });
    },
  };
  return { exec, told };
}

test('a policy without rules of registries closes nothing', async () => {
  const { exec, told } = firewall();
  await keepOwnLoopback({ bulkhead: {} }, ['127.0.0.1'], audit, exec);
  expect(told).toEqual([]);
});

test('with them what is asked there goes to a server that listens, and the entry is made once', async () => {
  const { exec, told } = firewall();
  await keepOwnLoopback(policy([]), ['127.0.0.1'], audit, exec);
  const [, port = ''] = /--to-destination 127\.0\.0\.1:(\d+)/.exec(told[0] ?? '') ?? [];
  const other = createServer();
  other.listen(Number(port), '127.0.0.1');
  expect(await once(other, 'error')).toMatchObject([{ code: 'EADDRINUSE' }]);
  expect(told[0]).toMatch(/^\/usr\/sbin\/iptables-restore\n.*-I OUTPUT 1 /s);
  const again = firewall({ entered: true });
  await keepOwnLoopback(policy([]), ['127.0.0.1'], audit, again.exec);
  expect(again.told[0]).not.toContain('-I OUTPUT');
});

test('where it can’t be made, nothing is served', async () => {
  const { exec } = firewall({ status: 1 });
  await expect(keepOwnLoopback(policy([]), ['127.0.0.1'], audit, exec)).rejects.toThrow('no table');
});
