import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { decide } from '../isolation/decide.js';
import type { SourceFact, IdRange, Refusal } from '../isolation/plan.js';
import type { IsolationPolicy } from '../isolation/policy.js';
import { refuseUnparsed } from '../isolation/known-fields.js';
import type { EngineFacts, NamespaceFact } from '../isolation/request.js';
import { namespacePathsOf, sourcesOf } from '../isolation/sources.js';
import { parseRuntimeSpec } from '../oci/runtime-spec.js';
import type { Decisions } from './decisions.js';
import { readImageLayers } from './image-layers.js';
import { delegateCgroups } from './delegate-cgroups.js';
import { type HeldPath, pathsToHold } from './namespace-facts.js';
import { readUptimeSeconds } from './uptime.js';
import type { ContainerRequest, Inquiry, Planner } from '../runtime/index.js';

export interface IsolationPlannerOptions {
  readonly engine: EngineFacts;
  readonly policy: IsolationPolicy;
  /** `held` are the paths of `pathsToHold`, as the front door has them open. */
  readonly namespaceFact: (path: string, held: readonly HeldPath[]) => NamespaceFact;
  /** Is told of every question before it is answered. */
  readonly decisions: Decisions;
}

/** Joins the pure rules with the server of the front door: parse, ask for facts, decide. */
export function createIsolationPlanner(options: IsolationPlannerOptions): Planner {
  return {
    begin(request) {
      return Promise.resolve(begin(request, options));
    },
  };
}

function begin(
  { config, containerId, bundle }: ContainerRequest,
  { engine, policy, namespaceFact, decisions }: IsolationPlannerOptions,
): Inquiry | { readonly kind: 'refusal'; readonly refusal: Refusal } {
  const parsed = parseRuntimeSpec(config);
  if (!parsed.ok) {
    const refusal = refuseUnparsed(parsed, policy);
    decisions.note(containerId, { refusal });
    return { kind: 'refusal', refusal };
  }
  const { spec } = parsed;
  const sources = sourcesOf(spec);
  const joined = namespacePathsOf(spec);
  return {
    kind: 'inquiry',
    paths: [...sources, ...pathsToHold(joined)],
    idCount: policy.idsPerContainer,
    decide: (facts: readonly SourceFact[], ids: IdRange) => {
      const held = facts.map((fact, index) => ({ fact, index })).slice(sources.length);
      const namespaces = joined.map((path) => namespaceFact(path, held));
      const merged = facts.slice(1).some((fact) => fact.opened && fact.mount.filesystem === 'overlay');
      const imageLayers = merged ? readImageLayers(engine.dataRoot.path, containerId) : [];
      const container = { id: containerId, bundle };
      const uptimeSeconds = readUptimeSeconds();
      const circumstances = {
        container,
        facts,
        namespaces,
        imageLayers,
        ids,
        engine,
        policy,
        ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }),
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
