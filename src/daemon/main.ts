import { Socket } from 'node:net';
import { createLogger } from '../common/log.js';
import { systemClock } from '../common/system-clock.js';
import { developer } from '../gate/caller.js';
import { warmUp } from '../isolation/warm-up.js';
import { auditHealth, openAuditLog, policyDecision, policyRefusal, startTelemetry } from './audit/index.js';
import { RequestAudit } from './audit/request-audit.js';
import { type DaemonArguments, parseDaemonArguments } from './arguments.js';
import { authorizationSocket, listenAuthorization } from './authorization-plugin.js';
import { composeRuntime } from './planning/compose-runtime.js';
import { configureBySettings } from './configure-by-settings.js';
import { createEgressClients } from './egress-clients/index.js';
import { joinRelay } from './egress-relay/join-relay.js';
import { createEngineClient } from './engine/engine-client.js';
import { enginePaths, makeSocketStandIn, readEngineFacts } from './engine/engine-facts.js';
import { answerExplain } from './planning/explain.js';
import { createGateHooks } from './gate/gate-hooks.js';
import { createKeptMountJudge } from './gate/kept-mounts.js';
import { type EngineEntrance, joinEngine } from './gate/join-engine.js';
import { openImageRules, publishersInForce } from './images/index.js';
import { createHandlers } from './handlers.js';
import { type HealthSources, readHealth } from './health.js';
import { readInForce, untilEngine } from './in-force.js';
import { keepEngine } from './keep-engine.js';
import { Journal } from './journal/journal.js';
import { journalStream } from './journal/log-stream.js';
import { listenNative } from './native-listeners.js';
import { ownNetworksOf, readLoopback } from './engine/own-networks.js';
import { keepOwnLoopback } from './own-loopback/index.js';
import { openPhaseSink } from './init/phase-sink.js';
import { createPortGuard } from './port-guard.js';
import { publishPorts } from './ports/index.js';
import { journalServiceOutput } from './journal/service-output.js';
import { createSharedPaths } from './shared-list.js';
import { createSignInJudge } from './sign-in/sign-in-judge.js';
import { openSignIn, signInDirectory } from './sign-in/open-sign-in.js';
import { socketMountPolicyOf } from './socket-mount/socket-policy.js';
import { agentSocketInForce, serveAgent } from './ssh-agent/index.js';
import { createTrim } from './trim-disk.js';
import { createRefreshViews } from './view-refresh.js';
import { version } from '../common/version.js';
import { serveVmControl } from './vm-control.js';

const relayProgram = '/usr/lib/bulkhead/port-relay';

/**
 * bulkheadd: composes the parts. The order matters only where a comment says so; everything else happens as the
 * services come up by themselves.
 */
async function main(args: DaemonArguments): Promise<void> {
  const phases = openPhaseSink(args.phaseFd);
  phases.phase('daemon');
  const journal = new Journal();
  const log = createLogger('bulkheadd', journalStream('bulkheadd', journal));
  const audit = openAuditLog();
  process.on('uncaughtException', (error) => {
    /* PID 1 starts a fresh daemon; the engine and its containers go on meanwhile. */
    process.stderr.write(`bulkheadd: ${error.stack ?? error.message}\n`);
    audit.flushNow();
    process.exit(70);
  });
  /* Before anything is served; without it nothing is. */
  const {
    isolation: policy,
    settings,
    effective,
    standing,
    members,
    shares,
  } = readInForce(args, phases, {
    log,
    refused: (code) => {
      audit.record(policyRefusal({ code, version, mode: args.mode }));
      audit.flushNow();
    },
  });
  const signIn = openSignIn(members, { directory: signInDirectory, clock: systemClock, log });
  const witness = new RequestAudit(
    audit.boot,
    (decision) => {
      audit.record(decision);
    },
    () => signIn?.member?.subject,
  );
  const telemetry = startTelemetry(audit, settings, version);
  audit.record(policyDecision({ policy: standing.inForce, version, mode: args.mode }));
  const sshAgent = agentSocketInForce({
    ...args,
    policy: args.policyFd === undefined ? undefined : settings,
    effective,
  });
  const ownNetworks = ownNetworksOf(args.mode);
  const socketPolicy = socketMountPolicyOf(settings);
  const gatePolicy = {
    ...policy,
    blockDockerLoad: effective.blockDockerLoad.value,
    portBinding: effective.portBindingBehavior.value,
    loopback: readLoopback(),
    dockerSocket: !socketPolicy.images.empty,
    shared: createSharedPaths(shares.directories, sshAgent),
    ownNetworks,
  };
  const publishers = publishersInForce(args.publishersFd, log);
  const client = createEngineClient(enginePaths.socket);
  const images = openImageRules({ settings, publishers }, client, log);
  await untilEngine(phases, keepOwnLoopback({ settings, images, audit }, gatePolicy.loopback));
  makeSocketStandIn();
  /* As early as can be: dockerd, started beside this process, refuses to start without it. */
  listenAuthorization(authorizationSocket, gatePolicy, witness, log);
  for (const [service, fd] of args.serviceLogs) {
    journalServiceOutput(service, new Socket({ fd, readable: true, writable: false }), journal);
  }

  const engineIsOutdated = await untilEngine(
    phases,
    configureBySettings({ isolation: policy, settings, effective, ownNetworks }, log),
  );
  const engineFacts = readEngineFacts(shares.roots, args.mode, sshAgent);
  const cgroups = { hierarchies: engineFacts.cgroupHierarchies, parents: policy.cgroupParents };
  warmUp(engineFacts, policy);
  const ports = createPortGuard(gatePolicy, {
    client,
    clock: systemClock,
    audit: (decision) => {
      audit.record(decision);
    },
    log,
  });
  const egressClients = createEgressClients(client, { auditLog: audit, images }, log);
  const { runtime, decisions, dockerSockets } = composeRuntime({
    onPlanned: () => {
      ports.started();
      egressClients.planned();
    },
    engineFacts,
    policy,
    socketPolicy,
    images,
    client,
    audit,
    log,
  });
  /* Front doors may be queueing already: containers with a restart policy start with the engine. */
  await runtime.listen({ fd: args.runtimeFd });
  const hostAgent =
    args.sshAgentFd === undefined || sshAgent === undefined
      ? undefined
      : serveAgent({
          fd: args.sshAgentFd,
          mode: args.mode,
          containerOf: (uid) => runtime.allocator.ownerOf(uid),
          clock: systemClock,
          log,
        });
  const hostPorts =
    args.portsFd === undefined
      ? undefined
      : publishPorts(args.portsFd, args.hostSide, { client, clock: systemClock, log });

  const { link, supervisor, engine, startWatch, powerOff } = keepEngine({
    args,
    client,
    phases,
    leases: () => runtime.allocator.leases,
    cgroups,
    sweep: () => void ports.sweep(),
    log,
  });
  if (engineIsOutdated) supervisor.renew('dockerd');

  const healthSources: HealthSources = {
    version,
    mode: args.mode,
    engineReady: () => engine.ready,
    services: () => supervisor.status(),
    rangesInUse: () => runtime.allocator.leases.length,
    audit: () => auditHealth(audit, telemetry),
    signIn: () => signIn?.state ?? null,
    policy: standing,
  };
  const refreshViews = createRefreshViews((container) => client.runningPid(container));
  const mustBeMember = createSignInJudge(signIn);
  const keptMounts = createKeptMountJudge(enginePaths.dataRoot, gatePolicy.shared);
  const entrance: EngineEntrance = {
    engineSocket: enginePaths.socket,
    whenEngineReady: (signal) => engine.whenReady(signal),
    hooks: createGateHooks({
      signIn: mustBeMember,
      asked: () => {
        startWatch.asked();
      },
      policy: gatePolicy,
      images,
      keptMounts,
      ports,
      dockerSockets,
      refreshViews: async (target) => {
        await refreshViews(target).catch((error: unknown) => {
          log.warn({ err: error }, 'the engine may not see the latest files of running containers');
        });
      },
      containerId: (reference) => client.containerId(reference),
      witness,
    }),
    log,
  };
  const handlers = createHandlers({
    engine: (stream) => void joinEngine(stream, entrance, developer),
    health: () => readHealth(healthSources),
    explain: (question) =>
      answerExplain(question, {
        client,
        decisions,
        policy: gatePolicy,
        mayCreate: () => {
          mustBeMember({ operation: { id: 'ContainerCreate' } });
          keptMounts({ operation: { id: 'ContainerCreate' } });
        },
      }),
    signIn,
    journal,
    shares: args.mode === 'vm' ? shares : undefined,
    trim: args.mode === 'vm' ? createTrim(link, systemClock) : undefined,
    ports: hostPorts,
    sshAgent: hostAgent,
    egress: (stream) => void egressClients.serve(stream),
    egressRelay: args.mode === 'vm' ? joinRelay : undefined,
    powerOff,
    audit,
  });
  await dockerSockets.connect({
    engineReady: () => engine.ready,
    serve: (connection, caller) => void joinEngine(connection, entrance, caller),
  });
  /*
   * PID 1 passes its own SIGTERM on: power button, or `bulkhead engine` being stopped. When all is stopped it sends one to whatever is left, and waits for it; then there is
   * nothing more to do here.
   */
  process.on('SIGTERM', () => void powerOff().then(() => process.exit()));
  log.info({ mode: args.mode, version, policy: standing }, 'started');
  if (args.hostDir !== undefined) listenNative({ hostDir: args.hostDir, handlers, clock: systemClock, log });
  if (args.controlPort !== undefined) {
    await serveVmControl({ relay: relayProgram, port: args.controlPort, handlers, clock: systemClock, log });
  }
}

await main(parseDaemonArguments(process.argv.slice(2)));
