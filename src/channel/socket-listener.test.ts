import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listenPrivately } from './socket-listener.js';
import { temporaryDirectory } from './test-support/streams.js';

function newServer(): Server {
  const server = createServer();
  onTestFinished(() => void server.close());
  return server;
}

/** Listens in another process and is killed, or not, before it can remove its socket. */
async function otherProcess(path: string, { killed }: { killed: boolean }): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  if (!killed) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('the socket has mode 0600 from the first moment, whatever the umask', async () => {
  const path = join(await temporaryDirectory(), 'docker.sock');
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const modes: number[] = [];
  const server = newServer();
  const listen = server.listen.bind(server);
  vi.spyOn(server, 'listen').mockImplementation((at: unknown) => {
    listen(String(at));
    modes.push(statSync(path).mode & 0o777);
    return server;
  });
  await listenPrivately(server, path);
  modes.push(statSync(path).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600]);
  expect(process.umask()).toBe(0);
});

test('a socket left by a dead process is replaced, and nothing else is left', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'docker.sock');
  await otherProcess(path, { killed: true });
  expect(statSync(path).isSocket()).toBe(true);
  await listenPrivately(newServer(), path);
  const client = connect(path);
  await once(client, 'connect');
  client.destroy();
  expect(await readdir(directory)).toEqual(['docker.sock']);
});

test('a socket another process listens on is refused and left alone', async () => {
  const path = join(await temporaryDirectory(), 'docker.sock');
  await otherProcess(path, { killed: false });
  const inode = statSync(path).ino;
  await expect(listenPrivately(newServer(), path)).rejects.toMatchObject({
    code: 'BH_SOCKET_TAKEN',
    params: { path },
  });
  expect(statSync(path).ino).toBe(inode);
});

test('a file that is no socket is refused and left alone', async () => {
  const path = join(await temporaryDirectory(), 'docker.sock');
  await writeFile(path, 'precious');
  await expect(listenPrivately(newServer(), path)).rejects.toMatchObject({ code: 'BH_SOCKET_PATH' });
  expect(statSync(path).size).toBe(8);
});

test('a path longer than the kernel keeps, or in no directory, is refused', async () => {
  const directory = await temporaryDirectory();
  const long = join(directory, 'x'.repeat(107 - directory.length));
  expect(long.length).toBe(108);
  await expect(listenPrivately(newServer(), long)).rejects.toMatchObject({ code: 'BH_SOCKET_PATH' });
  await listenPrivately(newServer(), long.slice(0, 107));
  const nowhere = listenPrivately(newServer(), join(directory, 'missing', 's'));
  await expect(nowhere).rejects.toMatchObject({ code: 'BH_SOCKET_PATH' });
});
