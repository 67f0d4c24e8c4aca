import type { Decision } from '../common/audit-event.js';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { reasonOf } from '../common/errors/rule-of.js';
import type { Logger } from '../common/log.js';
import type { GatePolicy } from '../gate/policy.js';
import { refusePort } from '../gate/port-bindings.js';
import { logged } from './audit/subject.js';
import type { EngineClient } from './engine/engine-client.js';
import type { Exchange } from './gate/exchange.js';
import type { Judge } from './gate/judges.js';
import { openContainers, portMadeOpen } from './open-ports.js';

export interface PortGuard {
  /** Before a start. Rejects with `BH_GATE_PORT_BINDING` for a container that was made to listen elsewhere than on the loopback. */
  readonly judge: Judge;
  /** After one; does not reject. */
  readonly after: (exchange: Exchange) => Promise<void> | undefined;
  /** Stops every container whose ports listen elsewhere: those that the engine has started by itself. Does not reject. */
  readonly sweep: () => Promise<void>;
  /** A container has got its plan, whoever starts it: sweeps when it should listen. */
  readonly started: () => void;
}

export interface PortGuardOptions {
  readonly client: Pick<EngineClient, 'call'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Takes each container that was stopped into the audit log. */
  readonly audit: (decision: Decision) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/** Milliseconds between a plan and the look at what listens: dockerd has started the container by then, or will have it start again. */
const startMs = 1000;
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
  { client, clock, audit, log }: PortGuardOptions,
): PortGuard {
  const inForce = policy.portBinding === 'local-only-port-binding';
  const judgeStart = async (container: string): Promise<void> => {
    const open = await portMadeOpen(client, container).catch((cause: unknown) => {
      const reason = 'the engine does not say how the container was made';
      throw new BulkheadError('BH_GATE_BODY', { reason }, { cause });
    });
    if (open !== undefined)
      refusePort(`the container ${container}, made with port ${open.port} on ${open.address},`, policy);
  };
  const stopOpen = async (): Promise<void> => {
    for (const { id, image, port } of await openContainers(client)) {
      const { status } = await client.call('POST', `/containers/${id}/stop?t=0`);
      log.warn(
        { container: id, setting: 'portBindingBehavior', port, status },
        'a container was stopped: one of its ports did not listen on the loopback',
      );
      audit({
        kind: 'container',
        outcome: 'refused',
        who: { kind: 'bulkheadd' },
        command: 'stop',
        container: id,
        ...(image === undefined ? {} : { image: logged(image) }),
        ...reasonOf('BH_GATE_PORT_BINDING'),
      });
    }
  };
  const sweep = async (): Promise<void> => {
    await stopOpen().catch((error: unknown) => {
      log.error({ err: error }, 'the ports of running containers could not be looked at');
    });
  };
  let wanted = false;
  let sweeping = false;
  const sweepSoon = async (): Promise<void> => {
    sweeping = true;
    while (wanted) {
      await clock.sleep(startMs);
      wanted = false;
      await sweep();
    }
    sweeping = false;
  };
  return {
    judge: ({ operation: { id, parameters } }) =>
      inForce && starts.has(id) ? judgeStart(parameters['id'] ?? '') : undefined,
    after: ({ operation: { id } }) => (inForce && listens.has(id) ? sweep() : undefined),
    sweep: inForce ? sweep : async () => undefined,
    started: () => {
      wanted = inForce;
      if (inForce && !sweeping) void sweepSoon();
    },
  };
}
