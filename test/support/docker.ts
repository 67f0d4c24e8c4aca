import { execa, type Options } from 'execa';
import { findDockerClient } from '../../scripts/docker-client.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The ordinary Docker CLI pointed at one engine: what a developer types is what the tests run. */
export interface Docker {
  /** The engine's address, as DOCKER_HOST has it. */
  readonly host: string;
  /** Path of its socket. */
  readonly socket: string;
  /** Never rejects because of the exit status. */
  run(
    args: readonly string[],
    options?: { readonly input?: string; readonly cwd?: string; readonly env?: Record<string, string> },
  ): Promise<Outcome>;
  /** Rejects unless the status is 0; gives the standard output, trimmed. */
  ok(
    args: readonly string[],
    options?: { readonly input?: string; readonly cwd?: string; readonly env?: Record<string, string> },
  ): Promise<string>;
}

export const probe = 'bulkhead/probe';

export function createDocker(host: string): Docker {
  const client = findDockerClient(host);
  const run: Docker['run'] = async (args, { input, cwd, env = {} } = {}) => {
    const options: Options = {
      reject: false,
      extendEnv: false,
      env: { ...client.env, ...env },
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      ...(cwd === undefined ? {} : { cwd }),
    };
    const { exitCode, stdout, stderr } = await execa(client.file, args, options);
    return { status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
  };
  return {
    host,
    socket: socketOf(host),
    run,
    async ok(args, options) {
      const { status, stdout, stderr } = await run(args, options);
      if (status !== 0) throw new Error(`docker ${args.join(' ')}: status ${status}\n${stderr}\n${stdout}`);
      return stdout.trim();
    },
  };
}

/** Path of the socket of a DOCKER_HOST that is one. */
export function socketOf(dockerHost: string): string {
  return dockerHost.replace('unix://', '');
}

/** A name no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${process.pid}-${(counter += 1)}`;
}
let counter = 0;
