import { execa } from 'execa';

export interface ExecOptions {
  readonly cwd?: string;
  /** Replaces the environment entirely when given: nothing of the caller's leaks into what runs as root. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Runs a program with an argument vector, never through a shell. Resolves whatever the exit status; rejects
 * when the program could not be started, was ended by a signal, or outlived its deadline.
 */
export interface Exec {
  run(file: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
}

export const systemExec: Exec = {
  async run(file, args, options = {}) {
    const result = await execa(file, args, {
      reject: false,
      stripFinalNewline: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    });
    if (result.exitCode === undefined) throw result;
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  },
};
