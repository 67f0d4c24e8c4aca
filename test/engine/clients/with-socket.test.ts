import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createDocker, type Docker, type Outcome, probe, unique } from '../../support/docker.ts';
import { type EngineInternals, engineInternals } from '../../support/engine-internals.ts';
import { reaperImage } from '../../support/reaper-image.ts';
import { startRegistry } from '../../support/registry.ts';
import { type SettingsEngine, startSettingsEngine } from '../../support/settings-engine.ts';
import { dockerClientImage } from '../../support/socket-images.ts';
import { containing } from '../../../src/isolation/testing/expect.ts';

/**
 * Clients that need the Docker socket in a container: testcontainers for its reaper, which removes what a killed test run leaves behind, and compose for whatever
 * service asks. `free` has no policy, so nobody has the socket there.
 */
const free = createDocker(inject('dockerHost'));
/** What testcontainers 12.2 asks for. It pulls it from the mirror that the policy names; so the engine has a digest of it, and the name counts. */
const reaper = 'testcontainers/ryuk:0.14.0';
const mirror = 'http://localhost:5000';
/** A reaper lists and removes. */
const reaperCommands = ['ps', 'rm', 'images', 'rmi', 'network*', 'volume*'];
const denied = 'enhanced container isolation: docker socket mount denied for container with image';

let engine: SettingsEngine;
let docker: Docker;
/** In the list, with a socket for `docker ps` alone. */
let client = '';
beforeAll(async () => {
  engine = await startSettingsEngine('with-socket', {
    policy: {
      linuxVM: {
        dockerDaemonOptions: { locked: true, value: JSON.stringify({ 'registry-mirrors': [mirror] }) },
      },
      enhancedContainerIsolation: {
        value: true,
        dockerSocketMount: {
          imageList: { images: ['testcontainers/ryuk:*', 'localhost:5000/tools/docker:cli'] },
          commandList: { type: 'allow', commands: ['ps'] },
        },
      },
      bulkhead: {
        socketRules: [
          { image: 'testcontainers/ryuk:*', commandList: { type: 'allow', commands: reaperCommands } },
        ],
      },
    },
  });
  ({ docker } = engine);
  const registry = await startRegistry(docker, '5000');
  client = await registry.push(await dockerClientImage(docker), 'tools/docker:cli');
  await docker.ok(['rmi', await registry.push(await reaperImage(docker), reaper)]);
}, 300_000);
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

describe('testcontainers with its reaper', () => {
  /** The program on the engine's network, where published ports are. */
  function runSession(of: Docker, { init }: EngineInternals) {
    const session = join(import.meta.dirname, 'testcontainers-session.ts');
    return execa('/usr/bin/nsenter', ['-t', String(init), '-n', '--', process.execPath, session, probe], {
      env: { DOCKER_HOST: of.host, TESTCONTAINERS_RYUK_RECONNECTION_TIMEOUT: '1s' },
      reject: false,
      timeout: 90_000,
      killSignal: 'SIGKILL',
    });
  }
  const startedSchema = z.strictObject({
    container: z.string(),
    network: z.string(),
    reaper: z.string(),
  });
  async function startSession() {
    const run = runSession(docker, engine.internals);
    for await (const line of createInterface({ input: run.stdout }))
      return { run, started: startedSchema.parse(JSON.parse(line)) };
    throw new Error((await run).stderr);
  }

  test('it removes what a killed run left, that alone, and then itself; and its socket is for nothing else', async () => {
    const bystander = await docker.ok(['run', '-d', '-l', 'org.testcontainers=true', probe, 'sleep', '600']);
    const { run, started } = await startSession();
    const state = ['inspect', '-f', '{{.Config.Image}} {{.State.Running}}'];
    expect(await docker.ok([...state, started.reaper, started.container])).toBe(
      `${reaper} true\n${probe}:latest true`,
    );
    await expectBlocked(started.reaper, started.container);
    run.kill('SIGKILL');
    await run;
    const containers = (): Promise<string> => docker.ok(['ps', '-aq', '--no-trunc']);
    await expect.poll(containers, { timeout: 60_000 }).not.toContain(started.reaper);
    expect(await containers()).toContain(bystander);
    expect(await containers()).not.toContain(started.container);
    expect(await docker.ok(['network', 'ls', '-q', '--no-trunc'])).not.toContain(started.network);
  }, 180_000);

  /** @param within the reaper, whose own client and socket are used. */
  async function expectBlocked(within: string, other: string): Promise<void> {
    const script = [
      `run -d ${probe} true`,
      `create ${probe}`,
      `exec ${other} true`,
      `logs ${other}`,
      `inspect ${other}`,
      `cp ${other}:/etc/passwd -`,
      `stop ${other}`,
      `commit ${other}`,
      `pull ${probe}`,
      'info',
    ].map((command) => `docker ${command} 2>&1 | grep -q 'is blocked' || echo 'not blocked: ${command}'`);
    expect(
      await docker.ok(['exec', within, 'sh', '-c', [...script, 'docker ps -q --no-trunc'].join('\n')]),
    ).toBe(await docker.ok(['ps', '-q', '--no-trunc']));
  }

  test('where no image is in the list it does not start, and the run says why', async () => {
    await free.ok(['tag', probe, reaper]);
    try {
      const { exitCode, stderr } = await runSession(free, await engineInternals(inject('enginePid')));
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`${denied} "docker.io/testcontainers/ryuk"`);
      expect(stderr).toContain('allowed image list is empty');
      expect(await free.ok(['ps', '-aq', '--filter', 'label=org.testcontainers.session-id'])).toBe('');
    } finally {
      await free.ok(['rmi', reaper]);
    }
  }, 120_000);
});

describe.each([
  ['volumes', 'volumes: ["/var/run/docker.sock:/var/run/docker.sock"]'],
  ['use_api_socket', 'use_api_socket: true'],
])('compose: a service with %s', (key, wish) => {
  async function up(of: Docker, image: string): Promise<Outcome> {
    const project = ['compose', '-p', unique('socket'), '-f', join(engine.dir, `${key}.yaml`)];
    const service = `services: { s: { image: "${image}", command: [docker, ps, -q, --no-trunc], ${wish} } }\n`;
    await writeFile(join(engine.dir, `${key}.yaml`), service);
    try {
      return await of.run([...project, 'up', '--no-log-prefix', '--exit-code-from', 's']);
    } finally {
      await of.ok([...project, 'down', '-t', '0']);
    }
  }

  test('has the socket where policy allows its image', async () => {
    const { status, stdout, stderr } = await up(docker, client);
    expect([status, stderr]).toEqual([0, containing('Created')]);
    expect(stdout).toMatch(/^[0-9a-f]{64}$/m);
  });

  test('is refused where it does not, and where there is no list', async () => {
    for (const of of [docker, free]) {
      const { status, stderr } = await up(of, probe);
      expect(status).not.toBe(0);
      expect(stderr).toContain(`${denied} "docker.io/bulkhead/probe"`);
    }
  });
});
