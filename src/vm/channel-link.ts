import type { Duplex } from 'node:stream';
import {
  ChannelSupervisor,
  type Forwarder,
  forwardConnections,
  type SupervisorState,
} from '../channel/index.js';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Logger } from '../common/log.js';
import type { GuestLink, GuestMayAsk } from './guest-link.js';
import { listenOnHost, PublishedPorts, servePorts } from './ports/index.js';
import { serveAgentRequests } from './ssh-agent/index.js';

/**
 * Offers `docker.sock` and waits for a VM to attach. The socket is there before the VM is, so that a taken path costs no boot; connections made
 * early wait for the guest.
 *
 * Rejects with `BH_SOCKET_TAKEN` or `BH_SOCKET_PATH`.
 */
export async function openGuestLink(
  dockerSocket: string,
  { portBinding, agent, restricted }: GuestMayAsk,
  clock: Clock,
  logger: Logger,
): Promise<GuestLink> {
  const attached = Promise.withResolvers<Duplex>();
  let published: PublishedPorts | undefined;
  const connected = Promise.withResolvers<void>();
  // Nobody may be waiting when the guest turns out to speak another version.
  connected.promise.catch(() => undefined);
  const sessionListeners = new Set<() => void>();
  let wasUp = false;
  const supervisor = new ChannelSupervisor({
    openStream: () => attached.promise,
    keepStreamOpen: true,
    clock,
    onState(state) {
      logState(state, logger);
      if (state.state === 'up') {
        wasUp = true;
        connected.resolve();
        for (const listener of sessionListeners) listener();
        if (published !== undefined) void servePorts(state.channel, published, logger);
        if (agent !== undefined) void serveAgentRequests(state.channel, agent, logger);
      }
      if (state.state === 'incompatible') connected.reject(state.error);
    },
  });
  const forwarder = await forwardConnections({
    path: dockerSocket,
    channel: (signal) => supervisor.current(signal),
    clock,
    onError: (error) => logger.warn({ err: error }, 'a connection to the engine failed'),
  });
  let relay: Forwarder | undefined;
  return {
    connected: connected.promise,
    onSession: (listener) => void sessionListeners.add(listener),
    ports: () => published?.list() ?? [],
    attach(vm) {
      published = new PublishedPorts({
        listen: (port) => listenOnHost(port, vm, restricted),
        portBinding,
        clock,
        logger,
      });
      attached.resolve(vm.controlPort);
      vm.onControlPort((open) => (open ? supervisor.portOpened() : supervisor.portClosed()));
    },
    status: async (signal) => (await supervisor.current(signal)).status(signal),
    explain: async (question, signal) => (await supervisor.current(signal)).explain(question, signal),
    signIn: async (question, signal) => (await supervisor.current(signal)).signIn(question, signal),
    signOut: async (signal) => (await supervisor.current(signal)).signOut(signal),
    changeShares: async (change, signal) => (await supervisor.current(signal)).changeShares(change, signal),
    trim: async (signal) => (await supervisor.current(signal)).trim(signal),
    async *logs(query, signal) {
      yield* (await supervisor.current(signal)).logs(query, signal);
    },
    async *audit(query, signal) {
      yield* (await supervisor.current(signal)).audit(query, signal);
    },
    async powerOff(signal) {
      // A daemon that restarts is worth waiting for; one that never came up is not.
      if (!wasUp) throw new BulkheadError('BH_CHANNEL_CLOSED');
      await (await supervisor.current(signal)).powerOff(signal);
    },
    async egressClients(signal) {
      const stream = await (await supervisor.current(signal)).openEgress(signal);
      return { stream, [Symbol.asyncDispose]: async () => void stream.destroy() };
    },
    async offerRelay(path) {
      relay = await forwardConnections({
        path,
        channel: (signal) => supervisor.current(signal),
        open: (channel, signal) => channel.openEgressRelay(signal),
        clock,
      });
    },
    async close() {
      await relay?.close();
      await forwarder.close();
      await supervisor.close();
      await published?.close();
    },
  };
}

function logState(state: SupervisorState, logger: Logger): void {
  if ('error' in state) logger.warn({ err: state.error, channel: state.state }, 'control channel');
  else logger.info({ channel: state.state }, 'control channel');
}
