import { z } from 'zod';
import { codeOf, messageOf } from '../../common/cause.js';
import type { Exec, ExecResult } from '../../common/exec.js';
import { printable } from '../../common/printable.js';
import { contextName } from './context-name.js';

/** A Docker client that waits for something, as for a file system that is gone, must not keep `up` from ending. */
const deadlineMs = 10_000;

/** What became of Docker's context. `foreign` and `failed` have been said to the person by whoever asked. */
export type ContextOutcome =
  | { readonly kind: 'kept'; readonly context: string; readonly used: boolean }
  | { readonly kind: 'no-client' }
  /** There is one by that name which Bulkhead has not made, and which leads elsewhere. */
  | { readonly kind: 'foreign'; readonly context: string; readonly host: string }
  /** None was made; `left` says why one of Bulkhead's that leads there already could not be removed. */
  | { readonly kind: 'open'; readonly context: string; readonly left?: string }
  | { readonly kind: 'failed'; readonly context: string; readonly reason: string };

export interface ContextRequest {
  readonly instance: string;
  /** `unix://…` */
  readonly dockerHost: string;
  /** Whether it is to become the current one, which every shell of this user then goes by. */
  readonly use: boolean;
  /** Others could put a socket of theirs in the place of this one (`open-to-others.ts`): then no context may lead there. */
  readonly isOpen?: boolean;
}

const inspected = z
  .array(
    z.object({
      Metadata: z.object({ Description: z.string().optional() }).nullish(),
      Endpoints: z.object({ docker: z.object({ Host: z.string() }).optional() }),
    }),
  )
  .length(1);

/** By this description one is known to be ours, so that no other is ever changed. */
const descriptionOf = (instance: string): string => `Bulkhead, instance ${instance}`;

/**
 * Makes the user's Docker context of an instance, or makes it right, or takes away one that leads where none may, by the Docker client itself: where it keeps contexts, and in which form, is
 * its own affair. Never rejects: an engine that runs is of use without it.
 */
export async function keepContext(
  exec: Exec,
  env: Readonly<Record<string, string | undefined>>,
  request: ContextRequest,
): Promise<ContextOutcome> {
  const { instance, dockerHost, use } = request;
  const context = contextName(instance);
  const docker = (...args: string[]): Promise<ExecResult> =>
    exec.run('docker', ['context', ...args], { env: clientEnvironment(env), timeoutMs: deadlineMs });
  const endpoint = ['--description', descriptionOf(instance), '--docker', `host=${dockerHost}`];
  try {
    const found = await docker('inspect', context);
    const now = found.exitCode === 0 ? inspected.parse(JSON.parse(found.stdout))[0] : undefined;
    const host = now?.Endpoints.docker?.Host ?? 'no Docker endpoint';
    const isOurs = now?.Metadata?.Description === descriptionOf(instance);
    if (request.isOpen === true) {
      if (!isOurs || host !== dockerHost) return { kind: 'open', context };
      const { exitCode, stderr } = await docker('rm', context);
      return exitCode === 0
        ? { kind: 'open', context }
        : { kind: 'open', context, left: printable(stderr.trim()) };
    }
    if (now === undefined) await succeed(docker('create', context, ...endpoint));
    else if (host !== dockerHost) {
      if (!isOurs) return { kind: 'foreign', context, host: printable(host) };
      await succeed(docker('update', context, ...endpoint));
    }
    if (use) await succeed(docker('use', context));
    return { kind: 'kept', context, used: use };
  } catch (error) {
    // How execa says that there is no such program.
    if (codeOf(error) === 'ENOENT') return { kind: 'no-client' };
    return { kind: 'failed', context, reason: printable(messageOf(error)) };
  }
}

async function succeed(run: Promise<ExecResult>): Promise<void> {
  const { exitCode, stderr } = await run;
  if (exitCode !== 0) throw new Error(stderr.trim() || `the Docker client ended with status ${exitCode}`);
}

/** Neither decides where contexts are kept, and with one that names what is not there the client does nothing at all. */
function clientEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name !== 'DOCKER_HOST' && name !== 'DOCKER_CONTEXT');
  return Object.fromEntries(
    entries.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  );
}
