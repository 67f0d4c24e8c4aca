import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findDockerClient } from '../../scripts/docker-client.ts';

/** What a container prints, line by line, from its last line on; `docker logs -f` goes with the reader. */
export async function* followLogs(dockerHost: string, container: string): AsyncGenerator<string> {
  const { file, env } = findDockerClient(dockerHost);
  const words = ['logs', '-f', '--tail', '1', container];
  const logs = spawn(file, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    yield* createInterface(logs.stdout);
  } finally {
    logs.kill();
  }
}
