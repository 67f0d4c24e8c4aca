import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { isBuildStep, wantsBuilderNetwork } from '../../isolation/build-step.js';
import { decide } from '../../isolation/decide.js';
import type { SourceFact, IdRange, Refusal } from '../../isolation/plan.js';
import type { IsolationPolicy } from '../../isolation/policy.js';
import { refuseUnparsed } from '../../isolation/known-fields.js';
import type { EngineFacts, NamespaceFact } from '../../isolation/request.js';
import { namespacePathsOf, sourcesOf } from '../../isolation/sources.js';
import { parseRuntimeSpec } from '../../oci/runtime-spec.js';
import type { Decisions } from './decisions.js';
import type { NetworkHolder } from './builder-network.js';
import type { ImageGuard } from '../images/image-guard.js';
import { shownLayers } from '../images/shown-layers.js';
import { readImageLayers } from './image-layers.js';
import { delegateCgroups } from './delegate-cgroups.js';
import { type HeldPath, pathsToHold } from './namespace-facts.js';
import { readUptimeSeconds } from './uptime.js';
import type { ContainerRequest, Inquiry, Planner } from '../../runtime/index.js';
import { grantedPaths, grantFor, type SocketMounts } from '../socket-mount/grant-request.js';

export interface IsolationPlannerOptions {
  readonly engine: EngineFacts;
  readonly policy: IsolationPolicy;
  /** `held` are the paths of `pathsToHold`, as the front door has them open. */
  readonly namespaceFact: (path: string, held: readonly HeldPath[]) => NamespaceFact;
  /** The container whose network is the builder's, running; undefined when it can't be made to run. */
  readonly builderNetwork: () => Promise<NetworkHolder | undefined>;
  /** Whether the policy's rules of images refuse a container, or a build step, as a whole. */
  readonly images: Pick<ImageGuard, 'refusalOf' | 'refusalOfStep'>;
  /** Asked about containers that bind the Docker socket. */
  readonly dockerSocket: SocketMounts;
  /** Is told of every question before it is answered. */
  readonly decisions: Decisions;
}

/** Joins the pure rules with the server of the front door: parse, ask for facts, decide. */
export function createIsolationPlanner(options: IsolationPlannerOptions): Planner {
  return {
    async begin(request) {
      return begin(request, options);
    },
  };
}

async function begin(
  { config, containerId, bundle }: ContainerRequest,
  options: IsolationPlannerOptions,
): Promise<Inquiry | { readonly kind: 'refusal'; readonly refusal: Refusal }> {
  const { engine, policy, namespaceFact, builderNetwork, dockerSocket, images, decisions } = options;
  const parsed = parseRuntimeSpec(config);
  const refuse = (refusal: Refusal) => {
    decisions.note(containerId, { refusal });
    return { kind: 'refusal', refusal } as const;
  };
  if (!parsed.ok) return refuse(refuseUnparsed(parsed, policy));
  const ofImage = images.refusalOf(containerId);
  if (ofImage !== undefined) return refuse(ofImage);
  const { spec } = parsed;
  const sources = sourcesOf(spec);
  const joined = namespacePathsOf(spec);
  const container = { id: containerId, bundle };
  const holder = wantsBuilderNetwork({ spec, container, engine, policy })
    ? await builderNetwork()
    : undefined;
  const holderPaths = holder === undefined ? [] : [`/proc/${holder.pid}/ns/net`];
  const paths = [...sources, ...pathsToHold([...joined, ...holderPaths])];
  const socket = await grantFor(spec, containerId, paths.length, dockerSocket);
  return {
    kind: 'inquiry',
    paths: [...paths, ...grantedPaths(socket)],
    idCount: policy.idsPerContainer,
    decide: (facts: readonly SourceFact[], ids: IdRange) => {
      dockerSocket.started(containerId);
      const ofStep = isBuildStep({ container, engine })
        ? images.refusalOfStep(shownLayers(facts, engine.dataRoot.path))
        : undefined;
      if (ofStep !== undefined) return refuse(ofStep);
      const held = facts.map((fact, index) => ({ fact, index })).slice(sources.length, paths.length);
      const namespaces = joined.map((path) => namespaceFact(path, held));
      const merged = facts.slice(1).some((fact) => fact.opened && fact.mount.filesystem === 'overlay');
      const imageLayers = merged ? readImageLayers(engine.dataRoot.path, containerId) : [];
      const uptimeSeconds = readUptimeSeconds();
      /* The pid may be another container's meanwhile. */
      const network = holderPaths
        .map((path) => namespaceFact(path, held))
        .find((fact) => fact.kind === 'container' && fact.ownerContainerId === holder?.containerId);
      const circumstances = {
        container,
        facts,
        namespaces,
        imageLayers,
        ids,
        engine,
        policy,
        ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }),
        ...(network === undefined ? {} : { builderNetwork: network }),
        ...(socket === undefined ? {} : { dockerSocket: socket }),
      };
      if (decisions.note(containerId, { config, ...circumstances }))
        return { kind: 'refusal', refusal: onlyExplained() };
      const decision = decide({ spec, ...circumstances });
      if (decision.kind === 'plan') delegateCgroups(decision.plan);
      return decision;
    },
  };
}

function onlyExplained(): Refusal {
  const { code, message } = new BulkheadError('BH_EXPLAIN_ONLY');
  return { rule: 'explain', code, message };
}
