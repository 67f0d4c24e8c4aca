import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { packageCheckoutRows } from '../acceptance/package-checkout-rows.ts';
import { projectRows } from '../acceptance/project-rows.ts';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker } from '../support/docker.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import { askOpen } from '../support/port-client.ts';

/** The projects in a VM, with the directory shared and the ports published as a developer on the host has them. */
let dir = '';
let shared = '';
let instance: Instance;
let docker: Docker;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-projects-'));
  shared = join(dir, 'shared');
  await mkdir(shared);
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  instance = instanceAt({ name: 'projects', dir, image: await builtImageDir() });
  await instance.up(240, '--share', shared);
  docker = createDocker(instance.dockerHost);
});
afterAll(async () => {
  const { status, stderr } = await instance.run('down');
  for (const pid of await instance.processes()) process.kill(pid, 'SIGKILL');
  await rm(dir, { recursive: true, force: true });
  if (status !== 0) throw new Error(`bulkhead down: status ${status}\n${stderr}`);
});

projectRows(
  () => ({
    docker,
    shared,
    ask: async (port, request) => askOpen('127.0.0.1', port, request),
  }),
  { events: false },
);

packageCheckoutRows(() => ({ docker, shared }));
