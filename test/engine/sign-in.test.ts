import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseSignInState } from '../../dist/common/sign-in.js';
import { findDockerClient } from '../../scripts/docker-client.ts';
import { commandLine } from '../support/command-line.ts';
import { readStatus, withControl } from '../support/control.ts';
import { type Outcome, probe, socketOf } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { rootUnder } from '../support/tested-root.ts';
import { talk } from '../support/raw-http.ts';

/** An engine for members of one organization alone, whose provider is a real one. The tests go from signing in to signing out, in their order. */
const instance = 'members';
let provider: IdentityProvider;
let engine: OwnEngine;
let dir = '';
/** Of a member, from before the provider went. */
let token = '';
const imageAccess = {
  default: 'allow',
  load: 'allow',
  rules: [{ repository: 'quay.io/closed/**', action: 'deny' }],
};
const anyText: unknown = expect.any(String);
const hostDir = (): string => join(dir, 'bulkhead', instance, 'engine');
const socket = (): string => join(hostDir(), 'docker.sock');
const control = (): string => join(hostDir(), 'control.sock');
const cliEnv = (): NodeJS.ProcessEnv => ({ XDG_RUNTIME_DIR: dir, XDG_STATE_HOME: dir });

/** @param allowedOrgs what the machine's registry.json says; none where absent. */
async function startEngine(allowedOrgs?: readonly string[]): Promise<void> {
  await using policy = await open(join(dir, 'admin-settings.json'));
  await writeFile(join(dir, 'registry.json'), JSON.stringify({ allowedOrgs }));
  await using registry = await open(join(dir, 'registry.json'));
  engine = await startOwnEngine(instance, {
    dir,
    hostDir: hostDir(),
    ...(await rootUnder({ bulkhead: { imageAccess } })),
    policy,
    ...(allowedOrgs === undefined ? {} : { registry }),
  });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-sign-in-'));
  provider = await startIdentityProvider();
  const { issuer, clientId, jwks } = provider;
  const signIn = { issuer, clientId, jwks, scopes: ['groups'], allowedOrgs: ['acme'] };
  const bulkhead = { contact: 'it@example.org', signIn, imageAccess };
  const policy = { configurationFileVersion: 2, bulkhead };
  await writeFile(join(dir, 'admin-settings.json'), JSON.stringify(policy));
  await startEngine();
});
afterAll(async () => {
  await engine.stop();
  await provider[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const docker = (...args: string[]): Promise<Outcome> => engine.docker.run(args);
const statusOf = async (path: string, method = 'GET'): Promise<number> =>
  (await callEngine(socket(), { method, path })).status;

async function handOver(idToken: string) {
  return parseSignInState(await withControl(control(), (channel) => channel.signIn({ idToken })));
}

async function bulkhead(...args: string[]): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [commandLine, ...args, '--name', instance],
    {
      env: cliEnv(),
      reject: false,
      stdin: 'ignore',
    },
  );
  return { status: exitCode ?? -1, stdout, stderr };
}

/** Kills the daemon and waits for the one that takes its place. */
async function replaceDaemon(): Promise<void> {
  await engine.internals.replace('bulkheadd');
  await expect.poll(() => statusOf('/_ping').catch(() => 0), { timeout: 30_000, interval: 100 }).toBe(200);
}

describe('before anybody is signed in', () => {
  test('clients find the engine, and may do nothing with it', async () => {
    expect(
      await Promise.all(['/_ping', '/v1.44/_ping', '/version', '/v1.44/info'].map((path) => statusOf(path))),
    ).toEqual([200, 200, 200, 200]);
    expect(await statusOf('/_ping', 'HEAD')).toBe(200);
    expect((await docker('version')).status).toBe(0);
    expect((await docker('info')).status).toBe(0);
    const { status, stderr } = await docker('run', '--rm', probe, 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('Sign in to continue using');
    expect(stderr).toContain(
      'Membership in the [acme] organization is required. Sign in enforced by your administrators (via admin-settings.json).',
    );
    expect(stderr).toContain('bulkhead sign-in');
    expect(stderr).toContain('it@example.org');
  });

  test('nothing is explained: that makes a container, if one that never runs', async () => {
    const answer = await withControl(control(), (channel) => channel.explain({ container: 'any' }));
    expect(answer).toMatchObject({ kind: 'error', code: 'BH_SIGN_IN_REQUIRED' });
  });

  test.each([
    ['GET', '/containers/json', 407],
    ['GET', '/v1.44/containers/json', 407],
    ['GET', '/v1.44/%63ontainers/json', 407],
    ['GET', '/%761.44/containers/json', 407],
    ['GET', '//v1.44/containers/json', 400],
    ['GET', '/v1.44//containers/json', 400],
    ['GET', '/_ping/../containers/json', 400],
    ['GET', '/_ping/%2e%2e/containers/json', 400],
    ['GET', '/containers/json?x=/_ping', 407],
    ['GET', '/events', 407],
    ['POST', '/containers/create', 407],
    ['POST', '/session', 407],
    ['POST', '/auth', 407],
    ['POST', '/images/create?fromImage=x', 407],
    ['HEAD', '/containers/x/archive?path=/', 407],
    ['HEAD', '/version', 404],
  ])('%s %s is answered %s', async (method, target, status) => {
    const answer = await talk(socket(), [
      `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    ]);
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('a request behind a ping on the same connection is judged by itself', async () => {
    const requests = ['/_ping', '/containers/json'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answer = await talk(socket(), [requests.join('')]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 407 /);
    expect(answer).not.toContain('[]');
  });

  test('whoever is not a member is told so, and stays out', async () => {
    await expect(handOver(await provider.tokenFor('eve'))).rejects.toThrow(
      /You must be a member of the acme organization\. Log in with a different account, or contact your organization owner to add your account\..*eve is in: everybody, ACME, acme-guests, acm /,
    );
    const [head, body] = (await provider.tokenFor('ada')).split('.');
    await expect(handOver(`${head}.${body}.${'A'.repeat(342)}`)).rejects.toMatchObject({
      code: 'BH_SIGN_IN_TOKEN',
    });
    expect(await statusOf('/containers/json')).toBe(407);
  });

  test('more than a token can be is not read', async () => {
    const long = { idToken: 'x'.repeat(70_000) };
    await expect(withControl(control(), (channel) => channel.signIn(long))).rejects.toMatchObject({
      code: 'BH_CHANNEL_REPLY',
    });
  });
});

describe('a member', () => {
  test('signs in by the command and a browser, and status says so', async () => {
    expect((await bulkhead('status')).stdout).toMatch(/signed in +nobody; members of \[acme\]/);
    const child = spawn(process.execPath, [commandLine, 'sign-in', '--json', '--name', instance], {
      env: { ...process.env, ...cliEnv() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const events: unknown[] = [];
    for await (const line of createInterface(child.stdout)) {
      const event: unknown = JSON.parse(line);
      events.push(event);
      const uri: unknown = Reflect.get(Object(event), 'completeUri');
      if (typeof uri === 'string') await provider.approve(uri, 'ada');
    }
    expect(await exited).toEqual([0, null]);
    const member = { subject: 'ada', organizations: ['acme'], until: anyText };
    expect(events).toMatchObject([
      { event: 'prompt', userCode: anyText, verificationUri: `${provider.issuer}/device` },
      { event: 'signed-in', member },
    ]);
    expect(await docker('run', '--rm', probe, 'echo', 'served')).toMatchObject({
      status: 0,
      stdout: 'served',
    });
    // Rules hold for members as for anybody.
    const denied = await docker('pull', 'quay.io/closed/x');
    expect([denied.status, denied.stderr]).toEqual([
      1,
      expect.stringMatching(/rule image-access .*rules\[0\]/),
    ]);
    expect((await bulkhead('status')).stdout).toMatch(/signed in +ada \(acme\) until 20/);
    expect((await readStatus(control())).signIn).toMatchObject({ member });
  });

  test('signs out: nothing more is served, and what runs goes on, with whoever follows it', async () => {
    const tick = 'while :; do echo tick; sleep 0.2; done';
    expect((await docker('run', '-d', '--name', 'going-on', probe, 'sh', '-c', tick)).status).toBe(0);
    const client = findDockerClient(engine.dockerHost);
    const logs = spawn(client.file, ['logs', '-f', 'going-on'], {
      env: client.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(logs.stdout)[Symbol.asyncIterator]();
    expect(await lines.next()).toEqual({ done: false, value: 'tick' });
    expect(await bulkhead('sign-out')).toMatchObject({ status: 0, stdout: 'Signed out. What runs goes on.' });
    expect((await docker('ps')).stderr).toContain('Sign in to continue using');
    /* More than can have been on its way. */
    for (let more = 0; more < 10; more += 1)
      expect(await lines.next()).toEqual({ done: false, value: 'tick' });
    logs.kill();
    await once(logs, 'exit');
    await handOver(await provider.tokenFor('ada'));
    expect(await docker('inspect', '-f', '{{.State.Running}} {{.RestartCount}}', 'going-on')).toMatchObject({
      stdout: 'true 0',
    });
    expect((await docker('rm', '-f', 'going-on')).status).toBe(0);
  });

  test('stays in when the daemon is killed, and when the engine starts anew without the provider', async () => {
    const until = (await readStatus(control())).signIn?.member?.until;
    await replaceDaemon();
    expect(await statusOf('/containers/json')).toBe(200);
    token = await provider.tokenFor('ada');
    await provider[Symbol.asyncDispose]();
    await engine.stop();
    await startEngine(['others', 'acme']);
    expect(await statusOf('/containers/json')).toBe(200);
    expect((await readStatus(control())).signIn?.member).toMatchObject({ subject: 'ada', until });
  });

  test('is out when the record of it was altered', async () => {
    const file = join(dir, 'data', 'bulkhead', 'sign-in', 'membership.json');
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('eyJ');
    await writeFile(file, text.replace('ada', 'eve'));
    await replaceDaemon();
    expect(await statusOf('/containers/json')).toBe(407);
    expect((await readStatus(control())).signIn?.member).toBeNull();
  });

  test('is none where registry.json names none of the organizations of the policy', async () => {
    await engine.stop();
    await startEngine(['others', 'Acme']);
    const { stderr } = await docker('ps');
    expect(stderr).toContain('Membership in the [none] organization is required.');
    expect(stderr).toContain('(via registry.json)');
    await expect(handOver(token)).rejects.toMatchObject({ code: 'BH_SIGN_IN_NOT_MEMBER' });
  });
});

test.each([
  ['{"allowedOrgs": ["acme",]}', [], 65, /registry\.json:1:24: allowedOrgs/],
  ['{"allowedOrgs": ["acme"]}', ['--policy', 'none.json'], 78, /BH_SIGN_IN_NO_ISSUER/],
])(
  'an engine does not start with a registry.json that is not in order, or that no policy goes with: %s',
  async (text, flags, status, said) => {
    await writeFile(join(dir, 'registry.json'), text);
    await writeFile(join(dir, 'none.json'), '{"configurationFileVersion": 2}');
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      [
        commandLine,
        'engine',
        '--name',
        'none',
        '--root',
        inject('testedRoot'),
        '--registry-json',
        'registry.json',
        ...flags,
      ],
      { env: cliEnv(), cwd: dir, reject: false, stdin: 'ignore' },
    );
    expect([exitCode, stdout]).toEqual([status, '']);
    expect(stderr).toMatch(said);
  },
);

test('a policy without the rule: the same calls are served, and nobody needs to sign in', async () => {
  const shared = inject('controlSocket');
  const path = socketOf(inject('dockerHost'));
  for (const target of ['/containers/json', '/v1.44/%63ontainers/json'])
    expect((await callEngine(path, { method: 'GET', path: target })).status).toBe(200);
  expect((await readStatus(shared)).signIn).toBeNull();
  const answer: unknown = await withControl(shared, (channel) => channel.signIn({ begin: true }));
  expect(answer).toMatchObject({ kind: 'error', code: 'BH_SIGN_IN_NOT_NEEDED' });
});
