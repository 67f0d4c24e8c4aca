import type { RuntimeSpec } from '../oci/runtime-spec.js';
import type { IdRange, JoinedUserNamespace, Refusal, RootPlan, ShareOwner, StagedBind } from './plan.js';
import type { IsolationRequest } from './request.js';

/** The plan while the rules work on it. Each rule returns a new one; nothing is changed in place. */
export interface Draft {
  readonly spec: RuntimeSpec;
  readonly ids: IdRange;
  readonly joined?: JoinedUserNamespace;
  readonly owner?: ShareOwner;
  readonly root: RootPlan;
  readonly binds: readonly StagedBind[];
  readonly namespaces: readonly number[];
  readonly delegated: readonly string[];
}

export interface Rule {
  /** As refusals and docs/isolation.md name it. */
  readonly name: string;
  /** What it is for, as `bulkhead explain` says it: one clause, lower case, no full stop. */
  readonly why: string;
  /** Throws a {@link RuleRefusal} when the container must not be made. */
  apply(draft: Draft, request: IsolationRequest): Draft;
}

/** How a rule says no. Caught by `decide` alone. */
export class RuleRefusal extends Error {
  readonly code: Refusal['code'];

  constructor(code: Refusal['code'], message: string) {
    super(message);
    this.name = 'RuleRefusal';
    this.code = code;
  }
}

/** The draft with fields of `linux` replaced; a field given as undefined is removed. */
export function withLinux(draft: Draft, linux: Partial<RuntimeSpec['linux']>): Draft {
  return { ...draft, spec: { ...draft.spec, linux: { ...draft.spec.linux, ...linux } } };
}
