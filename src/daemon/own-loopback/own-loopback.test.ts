import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, get } from 'node:http';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Exec } from '../../common/exec.js';
import { compileRules } from '../../egress/index.js';
import { settingsOf } from '../../egress/test-support/settings.js';
import { keepOwnLoopback } from './index.js';

const keep = async (
  bulkhead: object,
  exec: Exec,
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<void> => {
  const settings = settingsOf({ bulkhead });
  const rules = compileRules(settings, { namespaces: new Set() });
  const [audit, images] = [{ record: () => undefined }, { rules, remember: () => undefined }];
  return keepOwnLoopback({ settings, images, audit }, addresses, exec);
};
const answerSchema = z.tuple([z.object({ statusCode: z.number() })]);
const registries = { registryAccess: { rules: [] } };

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

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

test('a policy that refuses nothing closes nothing', async () => {
  const { exec, told } = firewall();
  const hub = { official: true, community: true };
  for (const bulkhead of [{}, { imageAccess: { default: 'allow', hub } }]) await keep(bulkhead, exec);
  expect(told).toEqual([]);
});

test('with rules of registries what is asked there goes to a server that listens, and the entry is made once', async () => {
  const { exec, told } = firewall();
  await keep(registries, exec);
  const [, port = ''] = /--to-destination 127\.0\.0\.1:(\d+)/.exec(told[0] ?? '') ?? [];
  const other = createServer();
  other.listen(Number(port), '127.0.0.1');
  expect(await once(other, 'error')).toMatchObject([{ code: 'EADDRINUSE' }]);
  expect(told[0]).toMatch(/^\/usr\/sbin\/iptables-restore\n.*-I OUTPUT 1 /s);
  const again = firewall({ entered: true });
  await keep(registries, again.exec);
  expect(again.told[0]).not.toContain('-I OUTPUT');
});

test('with rules of images what is asked is read, and what both kinds are for by each of the two', async () => {
  const read = firewall();
  await keep({ imageAccess: {} }, read.exec);
  const ports = (told: readonly string[]): Set<string | undefined> =>
    new Set([...(told[0] ?? '').matchAll(/--to-destination 127\.0\.0\.1:(\d+)/g)].map(([, port]) => port));
  expect(ports(read.told).size).toBe(1);
  const both = firewall();
  await keep({ imageAccess: {}, registryAccess: { rules: [{ host: 'localhost', port: 5000 }] } }, both.exec);
  expect(ports(both.told).size).toBe(2);
});

test('where it can’t be made, nothing is served', async () => {
  const { exec } = firewall({ status: 1 });
  await expect(keep(registries, exec)).rejects.toThrow('no table');
});

// Others have no port to ask from as bulkheadd does.
test.runIf(process.getuid?.() === 0)(
  'what is asked for at one address of the loopback is known at the other',
  async () => {
    const layer = `sha256:${createHash('sha256').update('layer').digest('hex')}`;
    const registry = createHttp(({ url }, response) =>
      response.end(url?.endsWith('/manifests/v1') === true ? `{"layers":[{"digest":"${layer}"}]}` : 'layer'),
    ).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    onTestFinished(() => registry.close().closeAllConnections());
    const host = `localhost:${portOf(registry)}`;
    const { exec, told } = firewall();
    const rules = [{ repository: `${host}/team/x`, tags: ['v1'], action: 'allow' }];
    await keep({ imageAccess: { rules } }, exec, ['127.0.0.1', '::1']);
    const [port4, port6] = told.map((rule) => /--to-destination \S+:(\d+)/.exec(rule)?.[1]);
    const ask = async (address: string, port: string | undefined, what: string): Promise<number> => {
      const asked = get({ host: address, port, path: `/v2/team/x/${what}`, headers: { host }, agent: false });
      const [{ statusCode }] = answerSchema.parse(await once(asked, 'response'));
      asked.destroy();
      return statusCode;
    };
    expect(await ask('::1', port6, `blobs/${layer}`)).toBe(403);
    expect(await ask('127.0.0.1', port4, 'manifests/v1')).toBe(200);
    expect(await ask('::1', port6, `blobs/${layer}`)).toBe(200);
  },
);
