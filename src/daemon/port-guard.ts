import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Logger } from '../common/log.js';
import { isLoopback, refusePort } from '../gate/port-bindings.js';
import type { GatePolicy } from '../gate/policy.js';
import type { EngineClient } from './engine-client.js';
import type { Exchange } from './gate/exchange.js';
import type { Judge } from './gate/judges.js';

const bindingsSchema = z.object({
  HostConfig: z.object({
    PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() })).nullable()).nullable(),
  }),
});

const portsSchema = z.array(
  z.object({
    Id: z.string(),
    Ports: z.array(z.object({ IP: z.string().optional(), PublicPort: z.int().optional() })).nullable(),
  }),
);

export interface PortGuard {
  /** Before a start. Rejects with `BH_GATE_PORT_BINDING` for a container that was made to listen elsewhere than on the loopback. */
  readonly judge: Judge;
  /** After one; does not reject. */
  readonly after: (exchange: Exchange) => Promise<void> | undefined;
  /** Stops every container whose ports listen elsewhere: those that the engine has started by itself. Does not reject. */
  readonly sweep: () => Promise<void>;
}

/** What makes published ports listen. */
const starts: ReadonlySet<string> = new Set(['ContainerStart', 'ContainerRestart']);
/** What may make them listen elsewhere: of a container on two networks the ports are those of one, and of the other when it leaves that. */
const listens: ReadonlySet<string> = new Set([...starts, 'NetworkConnect', 'NetworkDisconnect']);

/**
 * `local-only-port-binding` for containers that were made without it. Threat: a container from before the rule is started again, by hand or,
 * with a restart policy, by the engine, and its ports listen as they did then. The gate sees the first; of the second, and of ports
 * whose address a network from before decides, what listens is looked at once it does, and stopped: for that moment it can be reached.
 */
export function createPortGuard(
  policy: Pick<GatePolicy, 'portBinding' | 'contact'>,
  client: Pick<EngineClient, 'call'>,
  log: Pick<Logger, 'warn' | 'error'>,
): PortGuard {
  const inForce = policy.portBinding === 'local-only-port-binding';
  const read = async <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
  ): Promise<z.infer<Schema> | undefined> => {
    const { status, body } = await client.call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    return schema.parse(JSON.parse(body));
  };
  const judgeStart = async (container: string): Promise<void> => {
    const found = await read(`/containers/${encodeURIComponent(container)}/json`, bindingsSchema);
    for (const [port, bindings] of Object.entries(found?.HostConfig.PortBindings ?? {}))
      for (const { HostIp } of bindings ?? [])
        // One without an address listens where its network says, and is looked at afterwards.
        if (HostIp !== '' && !isLoopback(HostIp))
          refusePort(`the container ${container}, made with port ${port} on ${HostIp},`, policy);
  };
  const sweep = async (): Promise<void> => {
    for (const { Id, Ports } of (await read('/containers/json', portsSchema)) ?? []) {
      const open = (Ports ?? []).find(
        ({ IP, PublicPort }) => PublicPort !== undefined && !isLoopback(IP ?? ''),
      );
      if (open === undefined) continue;
      const { status } = await client.call('POST', `/containers/${Id}/stop?t=0`);
      log.warn(
        {
          audit: 'container',
          container: Id,
          setting: 'portBindingBehavior',
          address: open.IP,
          port: open.PublicPort,
          status,
        },
        'a container was stopped: one of its ports did not listen on the loopback',
      );
    }
  };
  const sweepSafely = async (): Promise<void> => {
    await sweep().catch((error: unknown) => {
      log.error({ err: error }, 'the ports of running containers could not be looked at');
    });
  };
  return {
    judge: ({ operation: { id, parameters } }) =>
      inForce && starts.has(id)
        ? judgeStart(parameters['id'] ?? '').catch((error: unknown) => {
            if (error instanceof BulkheadError) throw error;
            throw new BulkheadError(
              'BH_GATE_BODY',
              { reason: 'the engine does not say how the container was made' },
              { cause: error },
            );
          })
        : undefined,
    after: ({ operation: { id } }) => (inForce && listens.has(id) ? sweepSafely() : undefined),
    sweep: inForce ? sweepSafely : async () => undefined,
  };
}
