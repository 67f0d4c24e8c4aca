import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findDockerClient } from '../../scripts/docker-client.ts';

/** Runs `docker compose watch` of a project that is up, from when it watches to its disposal. */
export async function composeWatch(dockerHost: string, project: string): Promise<AsyncDisposable> {
  const { file, env } = findDockerClient(dockerHost);
  const watch = spawn(file, ['compose', 'watch', '--no-up'], {
    env,
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(watch, 'exit');
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [watch.stdout, watch.stderr])
      createInterface(stream).on('line', (line) => {
        said.push(line);
        if (line.includes('Watch enabled')) resolve();
      });
    void ended.then(() => reject(new Error(`docker compose watch ended:\n${said.join('\n')}`)));
  });
  return {
    async [Symbol.asyncDispose]() {
      watch.kill('SIGINT');
      await ended;
    },
  };
}
