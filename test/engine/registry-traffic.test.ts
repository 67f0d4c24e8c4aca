import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAuthority } from '../../dist/egress/engine-traffic/index.js';
import { type Outcome, probe } from '../support/docker.ts';
import { type TestedEngineTraffic, startEngineTraffic } from '../support/engine-traffic.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { startTlsRegistry, world } from '../support/tls-registry.ts';

/** What dockerd and BuildKit make of a gateway that ends their connections to registries. */
let engine: OwnEngine;
let traffic: TestedEngineTraffic;
const authority = makeAuthority();
const undo = new AsyncDisposableStack();

const names = ['registry.test', 'blocked.test', 'past.test', 'plain.test', 'nowhere.test'];
const rules = {
  contact: 'it@acme.test',
  registryAccess: {
    rules: [
      { host: 'registry.test', push: true },
      { host: 'plain.test', port: '*', push: true },
      { host: 'past.test' },
      { host: 'nowhere.test' },
    ],
  },
};
const refusal =
  /Access to blocked\.test has been restricted by your administrators: .* is refused by rule registry-access, because no rule names it\. Setting: bulkhead\.registryAccess\. To access this registry, ask it@acme\.test/;

beforeAll(async () => {
  const file = join(tmpdir(), `bulkhead-traffic-${process.pid}.json`);
  const options = { 'insecure-registries': ['plain.test'] };
  await writeFile(file, JSON.stringify({ linuxVM: { dockerDaemonOptions: JSON.stringify(options) } }));
  await using settings = await open(file);
  await rm(file);
  engine = undo.use(await startOwnEngine('traffic', { settings, authority }));
  const good = undo.use(await startTlsRegistry(engine.docker, 'registry.test'));
  const other = undo.use(await startTlsRegistry(engine.docker, 'blocked.test'));
  const past = undo.use(await startTlsRegistry(engine.docker, 'past.test', { days: -1 }));
  const plain = undo.use(await startTlsRegistry(engine.docker, undefined));
  traffic = undo.use(
    await startEngineTraffic(engine.internals, names, {
      authority,
      world,
      registries: {
        'registry.test': good.port,
        'blocked.test': other.port,
        'past.test': past.port,
        'plain.test': plain.port,
      },
      insecure: ['plain.test'],
      bulkhead: rules,
    }),
  );
  // A registry takes no connection before it has read its configuration, and nothing announces that it does.
  for (const name of ['registry.test', 'plain.test']) {
    await engine.docker.ok(['tag', probe, `${name}/acme/tool:v1`]);
    await eventually(() => engine.docker.ok(['push', '-q', `${name}/acme/tool:v1`]), 60_000);
  }
});
afterAll(() => undo[Symbol.asyncDispose]());

async function built(from: string): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-build-'));
  await writeFile(join(dir, 'Dockerfile'), `FROM ${from}\nRUN echo built\n`);
  const outcome = await engine.docker.run(['build', '--pull', '--no-cache', '-q', dir]);
  await rm(dir, { recursive: true });
  return outcome;
}

test('an image is pushed to a registry that is listed, pulled from it by tag and by digest, built upon, and remembered', async () => {
  const image = 'registry.test/acme/tool:v1';
  await engine.docker.ok(['rmi', image]);
  await engine.docker.ok(['pull', '-q', image]);
  expect(await engine.docker.ok(['run', '--rm', image, 'echo', 'pulled'])).toBe('pulled');
  const pinned = (await engine.docker.ok(['image', 'inspect', '-f', '{{join .RepoDigests "\\n"}}', image]))
    .split('\n')
    .find((name) => name.startsWith('registry.test/'));
  await engine.docker.ok(['pull', '-q', pinned ?? 'none']);
  traffic.reports.splice(0);
  const { status, stderr } = await built(image);
  expect([status, stderr]).toEqual([0, '']);
  const digest = pinned?.split('@')[1];
  const repository = 'registry.test/acme/tool';
  const told = traffic.reports.filter((report) => report.kind === 'pulled');
  expect(told.find(({ layers = [] }) => layers.length > 0)?.names).toContainEqual({
    repository,
    tag: 'v1',
    digest,
  });
});

test('a registry that is not listed is refused to pull, push, or build upon, and who to ask is told; without the rule it is none of that', async () => {
  const image = 'blocked.test/acme/tool:v1';
  await engine.docker.ok(['tag', probe, image]);
  const commands = async (): Promise<Outcome[]> => [
    await engine.docker.run(['pull', image]),
    await engine.docker.run(['push', image]),
    await built(image),
  ];
  for (const { status, stderr } of await commands()) {
    expect(status).not.toBe(0);
    expect(stderr).toMatch(refusal);
  }
  await traffic.tell({ bulkhead: {} });
  await eventually(() => engine.docker.ok(['push', image]), 60_000);
  expect((await commands()).map(({ status }) => status)).toEqual([0, 0, 0]);
  await traffic.tell({ bulkhead: rules });
});

test('a registry whose certificate is past, and one that is not there, are told', async () => {
  // Until it takes connections it is not there either.
  const past = await eventually(async () => {
    const { stderr } = await engine.docker.run(['pull', 'past.test/acme/tool:v1']);
    if (stderr.includes('ECONNREFUSED') || stderr.includes('ECONNRESET')) throw new Error(stderr);
    return stderr;
  }, 60_000);
  expect(past).toContain('The registry past.test is not reached: certificate has expired');
  expect((await built('past.test/acme/tool:v1')).stderr).toContain('certificate has expired');
  const nowhere = await engine.docker.run(['pull', 'nowhere.test/acme/tool:v1']);
  expect(nowhere.stderr).toContain('nowhere.test has no address');
});

test('a registry without a certificate, which the engine is told to take, is pulled from and pushed to', async () => {
  const image = 'plain.test/acme/tool:v1';
  await engine.docker.ok(['rmi', image]);
  await engine.docker.ok(['pull', '-q', image]);
  expect((await built(image)).stderr).toBe('');
});
