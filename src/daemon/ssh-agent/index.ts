import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { askOnce } from '../../common/ssh-agent/index.js';
import { effectiveSettings, type EffectiveSettings, type Settings } from '../../policy/index.js';
import { HostAgent } from './host-agent.js';
import { keepAgentRelay } from './keep-relay.js';
import { AgentPlaces } from './places.js';
import { agentSocket, createAgentServer } from './serve-containers.js';

/** The agent's own socket in native mode, mounted by the entry program where no container reaches. */
const mountedAgent = '/run/bulkhead/ssh-agent';
/** Nobody but root gets there. */
const gateDirectory = '/run/bulkhead/agent-gate';

interface Asked {
  readonly mode: 'vm' | 'native';
  /** Listening socket of PID 1; undefined where there is none. */
  readonly sshAgentFd: number | undefined;
  /** Of the policy; undefined without one. */
  readonly policy: Settings | undefined;
  readonly effective: Pick<EffectiveSettings, 'bulkhead.sshAgent'>;
}

/**
 * Where containers find the host's agent; undefined where they may not have it. In native mode whoever starts the engine has asked for it by handing it over, and the
 * policy alone is looked at; in a VM there is always a socket, and the setting is what asks.
 */
export function agentSocketInForce({ mode, sshAgentFd, policy, effective }: Asked): string | undefined {
  const { value } = mode === 'vm' ? effective['bulkhead.sshAgent'] : mayHaveAgent(policy);
  return value && sshAgentFd !== undefined ? agentSocket : undefined;
}

const mayHaveAgent = (policy: Settings | undefined): EffectiveSettings['bulkhead.sshAgent'] =>
  effectiveSettings(policy, { bulkhead: { sshAgent: true } })['bulkhead.sshAgent'];

export interface AgentParts {
  /** Listening socket of PID 1. */
  readonly fd: number;
  readonly mode: 'vm' | 'native';
  /** The container whose range an id is in, by a name of its own. */
  readonly containerOf: (uid: number) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Serves containers by that descriptor. In a VM it gives what takes the host's streams. */
export function serveAgent({
  fd,
  mode,
  containerOf,
  clock,
  log,
}: AgentParts): ((stream: Duplex) => void) | undefined {
  const host = mode === 'vm' ? new HostAgent() : undefined;
  const ask =
    host === undefined
      ? (request: Buffer) => askOnce(() => connect(mountedAgent), request)
      : (request: Buffer) => host.ask(request);
  // Of an earlier bulkheadd.
  rmSync(gateDirectory, { recursive: true, force: true });
  mkdirSync(gateDirectory, { mode: 0o700 });
  const gate = join(gateDirectory, 'gate');
  createAgentServer({ ask, places: new AgentPlaces(containerOf), log }).listen(gate, () => {
    void keepAgentRelay(fd, gate, clock, log);
  });
  return host === undefined ? undefined : (stream) => host.serve(stream);
}
