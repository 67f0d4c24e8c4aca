import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { orNothing } from '../../common/cause.js';

/** Holds the Docker sockets of containers. */
export interface SocketRelays {
  /** Makes `docker.sock` in a directory and hands its connections on to `gate` beside it. Rejects when it does not come to that. */
  start(directory: string): Promise<void>;
  /** Ends it, and its connections. Does nothing where there is none. */
  stop(directory: string): void;
}

const pidFile = 'relay.pid';

/** @param program socket-relay, which stays when this process ends. */
export function createSocketRelays(program: string): SocketRelays {
  return {
    async start(directory) {
      const relay = spawn(program, [directory], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      // At once: were this process killed now, the next one must find it.
      if (relay.pid !== undefined)
        writeFileSync(join(directory, pidFile), String(relay.pid), { mode: 0o600 });
      // `error` rejects: there is no such program, or no process to be had.
      const ready = once(relay.stdout, 'data').then(() => true);
      const ended = once(relay, 'exit').then(() => false);
      if (!(await Promise.race([ready, ended])))
        throw new Error(`${program} did not make a socket in ${directory}`);
      relay.stdout.destroy();
      relay.unref();
    },
    stop(directory) {
      const pid = relayIn(directory);
      if (pid !== undefined) orNothing(() => process.kill(pid, 'SIGKILL'));
    },
  };
}

/** By what it works in as well: its pid may be another process's by now. */
function relayIn(directory: string): number | undefined {
  try {
    const pid = readFileSync(join(directory, pidFile), 'utf8');
    return readlinkSync(`/proc/${pid}/cwd`) === directory ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}
