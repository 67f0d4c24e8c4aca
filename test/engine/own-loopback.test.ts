import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Outcome, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { inEngine } from '../support/in-engine.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { rootUnder } from '../support/tested-root.ts';

/** Rules of images, and at the engine's own loopback servers of a developer's that are no registries: bulkheadd reads what they say. */
const port = 5000;
const policy = {
  configurationFileVersion: 2,
  bulkhead: {
    contact: 'it@example.com',
    imageAccess: { default: 'deny', rules: [{ repository: `localhost:${port}/team/*`, action: 'allow' }] },
  },
};

let engine: OwnEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-own-loopback-'));
  undo.defer(() => rm(dir, { recursive: true }));
  const file = join(dir, 'admin-settings.json');
  await writeFile(file, JSON.stringify(policy));
  const opened = undo.use(await open(file));
  engine = undo.use(await startOwnEngine('own-loopback', { ...(await rootUnder(policy)), policy: opened }));
}, 120_000);
afterAll(() => undo[Symbol.asyncDispose]());

const name = unique('server');
afterEach(() => engine.docker.run(['rm', '-f', name]));

/** A server there that answers each request with this, and then says no more. */
async function saying(answer: string): Promise<void> {
  const serve = `exec nc -ll -p 80 -e sh -c 'head -c 1 > /dev/null; printf "${answer}"; sleep 1'`;
  await engine.docker.ok([
    'run',
    '-d',
    '--name',
    name,
    '-p',
    `127.0.0.1:${port}:80`,
    probe,
    'sh',
    '-c',
    serve,
  ]);
  await eventually(
    async () => void (await engine.docker.ok(['exec', name, 'grep', '-q', ':0050 ', '/proc/net/tcp6'])),
    30_000,
  );
}

const pulled = async (): Promise<Outcome> => engine.docker.run(['pull', `localhost:${port}/team/x`]);

test('what a server says behind its answer is not the end of bulkheadd, and what is wrong with it is told', async () => {
  const bulkheadd = await engine.internals.pidOf('bulkheadd');
  await saying('HTTP/1.1 204 No Content\\r\\n\\r\\nmore');
  const words = `The answer of localhost:${port} is refused by rule registry-answers: it answers 204 for a manifest`;
  expect((await pulled()).stderr).toContain(words);
  expect(await engine.internals.pidOf('bulkheadd')).toBe(bulkheadd);
});

test('one that goes on in another protocol is told as such, and at once', async () => {
  await saying('HTTP/1.1 101 Switching\\r\\nConnection: upgrade\\r\\nUpgrade: h2c\\r\\n\\r\\n');
  expect((await pulled()).stderr).toContain('it answers with another protocol');
});

test('a build that asks the port at which bulkheadd reads is told that nobody is there', async () => {
  const rules = await inEngine(engine, ['/usr/sbin/iptables-save', '-t', 'nat']);
  const [, reader] = /-A BULKHEAD-LOOPBACK .*--to-destination 127\.0\.0\.1:(\d+)/.exec(rules) ?? [];
  const input = `FROM ${probe}\nADD http://localhost:${reader}/x /x\n`;
  const { status, stderr } = await engine.docker.run(['build', '-'], { input });
  expect([status === 0, stderr]).toEqual([false, expect.stringMatching(/502|Bad Gateway/)]);
});
