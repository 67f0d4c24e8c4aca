import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDocker, type Outcome, probe, unique } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { dockerTerminal } from '../../support/terminal.ts';

const docker = createDocker(inject('dockerHost'));
const project = unique('compose');
const names = ['db', 'api', 'worker', 'web', 'cache', 'mail', 'cron', 'admin', 'docs', 'search'];

/** Ten services with what compose projects use: health, order, volumes, networks, ports, secrets, configs, profiles of flags. */
const file = `
x-service: &service
  image: ${probe}
  command: ["sh", "-c", "while :; do echo $$HOSTNAME | nc -l -p 80; done"]
  restart: always
  init: true
services:
  db: { <<: *service, hostname: db, volumes: ["data:/data"], healthcheck: { test: ["CMD", "true"], interval: 500ms } }
  api: { <<: *service, hostname: api, depends_on: { db: { condition: service_healthy } }, networks: [default, back] }
  worker: { <<: *service, volumes: ["data:/data:ro"], deploy: { resources: { limits: { memory: 64m, cpus: "0.5" } } } }
  web: { <<: *service, hostname: web, ports: ["80"], depends_on: [api] }
  cache: { <<: *service, tmpfs: ["/cache"], read_only: true }
  mail: { <<: *service, environment: { A: b }, user: "1000:1000" }
  cron: { <<: *service, secrets: [token], configs: [settings] }
  admin: { <<: *service, network_mode: "service:web", command: ["sh", "-c", "echo administered; exec sleep 600"] }
  docs: { <<: *service, networks: [back], sysctls: { net.core.somaxconn: "512" } }
  search: { <<: *service, privileged: true, ulimits: { nofile: 1024 }, shm_size: 32m }
volumes: { data: {} }
networks: { back: {} }
secrets: { token: { environment: TOKEN } }
configs: { settings: { content: "x=1" } }
`;

let directory: string;
const env = { TOKEN: 'hush' };
const line = (args: readonly string[]): string[] => [
  'compose',
  '-p',
  project,
  '-f',
  join(directory, 'compose.yaml'),
  ...args,
];
const compose = (...args: string[]): Promise<string> => docker.ok(line(args), { env });
const attempt = (...args: string[]): Promise<Outcome> => docker.run(line(args), { env });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-compose-'));
  await writeFile(join(directory, 'compose.yaml'), file);
});
afterAll(async () => {
  await compose('down', '-v', '-t', '1');
  await rm(directory, { recursive: true });
});

test('a project of ten services comes up, each isolated in ids of its own', async () => {
  await compose('up', '-d', '--wait');
  expect((await compose('ps', '--services', '--status', 'running')).split('\n').toSorted()).toEqual(
    names.toSorted(),
  );
  const bases = await Promise.all(
    names.map((name) => compose('exec', '-T', name, 'cat', '/proc/self/uid_map')),
  );
  // `admin` shares the network of `web`, hence its ids.
  expect(new Set(bases).size).toBe(names.length - 1);
});

test('services reach each other by name; secrets, configs and a shared volume are where they belong', async () => {
  await eventually(async () => {
    expect(await compose('exec', '-T', 'web', 'nc', '-w', '2', 'db', '80')).toBe('db');
  }, 5_000);
  const { stderr } = await attempt('exec', '-T', 'docs', 'nc', '-w', '1', 'db', '80');
  expect(stderr).toContain("bad address 'db'");
  expect(await compose('exec', '-T', 'cron', 'cat', '/run/secrets/token', '/settings')).toBe('hushx=1');
  await compose('exec', '-T', 'db', 'sh', '-c', 'echo rows > /data/table');
  expect(await compose('exec', '-T', 'worker', 'cat', '/data/table')).toBe('rows');
  expect(await compose('exec', '-T', 'docs', 'cat', '/proc/sys/net/core/somaxconn')).toBe('512');
});

test('a service that ends is started again, and one that is changed is made anew', async () => {
  const idOf = (name: string): Promise<string> => compose('ps', '-q', name);
  const before = await idOf('mail');
  const cache = await idOf('cache');
  await attempt('exec', '-T', 'cache', 'kill', '1');
  await eventually(async () => {
    const seen = await docker.ok(['inspect', '-f', '{{.RestartCount}} {{.State.Running}}', cache]);
    expect(seen).toBe('1 true');
  }, 10_000);
  await writeFile(join(directory, 'compose.yaml'), file.replace('A: b', 'A: c'));
  await compose('up', '-d', '--wait');
  expect(await idOf('mail')).not.toBe(before);
  expect(await compose('exec', '-T', 'mail', 'sh', '-c', 'echo $A; id -u')).toBe('c\n1000');
});

test('logs of the project are read and followed, and exec has a terminal', async () => {
  expect(await compose('logs', 'admin', 'docs')).toMatch(/^admin-1 +\| administered$/m);
  const following = dockerTerminal(docker.host, line(['logs', '-f', 'admin']));
  await following.see(/admin-1[^\r\n]*administered\r\n/);
  const terminal = dockerTerminal(docker.host, line(['exec', 'admin', 'sh']));
  await terminal.see(/# /);
  terminal.type('echo typed > /proc/1/fd/1; tty; exit 6\r');
  await terminal.see(/\/dev\/pts\/\d/);
  expect(await terminal.ended).toBe(6);
  await following.see(/admin-1[^\r\n]*typed\r\n/);
  following.type('\u0003');
  await following.ended;
  expect(await compose('ps', '--services', '--status', 'running')).toContain('admin');
});

test("C04: a service asks for the host's network", async () => {
  const other = join(directory, 'host.yaml');
  await writeFile(
    other,
    `services: { host: { image: ${probe}, network_mode: host, command: [cat, /proc/self/uid_map] } }\n`,
  );
  const { status, stderr } = await docker.run(['compose', '-p', `${project}-host`, '-f', other, 'up']);
  expect(status).not.toBe(0);
  expect(stderr).toContain("can't share a network namespace with the host");
  await docker.ok(['compose', '-p', `${project}-host`, '-f', other, 'down']);
});
