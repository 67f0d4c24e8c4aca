import { execa } from 'execa';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { lockInstance } from '../vm/instance/lock.js';

/** The built command. `tsc --build` comes first. */
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('who looks for the sockets of a VM where another user may have put some is told, and not led there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-other-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const state = join(directory, 'bulkhead', 'led');
  await mkdir(state, { recursive: true, mode: 0o700 });
  // By its lock it runs, and its sockets are in the directory of a session that this environment does not name.
  await using _lock = await lockInstance(join(state, 'lock'), 'led');
  const run = join(directory, 'run');
  const bulkhead = async (command: string) => {
    const env = { XDG_STATE_HOME: directory, XDG_RUNTIME_DIR: run, XDG_CONFIG_HOME: directory };
    const words = [main, command, '--name', 'led'];
    const { exitCode, stdout, stderr } = await execa(process.execPath, words, { env, reject: false });
    return { exitCode, stdout, stderr };
  };
  const missing = await bulkhead('env');
  expect(missing).toMatchObject({ exitCode: 78, stdout: '' });
  expect(missing.stderr).toMatch(/BH_RUNTIME_DIRECTORY.*it is not there, though the instance runs/);

  const made = join(run, 'bulkhead', 'led');
  await mkdir(made, { recursive: true });
  await chmod(made, 0o777);
  const server = createServer().listen(join(made, 'controller.sock'));
  onTestFinished(() => void server.close());
  const asked: unknown[] = [];
  server.on('connection', (socket) => asked.push(socket.destroy()));
  await once(server, 'listening');
  for (const command of ['env', 'status', 'down', 'up']) {
    const { exitCode, stdout, stderr } = await bulkhead(command);
    expect([command, exitCode, stdout]).toEqual([command, 78, '']);
    expect(stderr).toMatch(/BH_RUNTIME_DIRECTORY.*others may write to it/);
  }
  expect(asked).toEqual([]);
}, 60_000);
