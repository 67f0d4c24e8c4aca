import type { ContainerIds } from '../../gate/joined-network.js';
import type { GatePolicy } from '../../gate/policy.js';
import type { ImageRules } from '../images/index.js';
import type { PortGuard } from '../port-guard.js';
import type { DockerSockets } from '../socket-mount/socket-mounts.js';
import { freshViewHooks, type RefreshViews } from '../view-refresh.js';
import { BodyBudget } from './body-budget.js';
import type { GateHooks, RequestWitness } from './exchange.js';
import { type Judge, judgeAll } from './judges.js';
import { createSettingsJudge } from './settings-judge.js';

export interface GateHookSources {
  /** Lets members alone use the engine, where the policy wants that. */
  readonly signIn: Judge;
  /** Somebody asks for something, whatever becomes of it. */
  readonly asked: () => void;
  readonly policy: GatePolicy;
  /** Refuses images and registries the policy does not admit. */
  readonly images: Pick<ImageRules, 'judge' | 'judgeBody' | 'watch'>;
  /** Refuses what the engine would do through mounts of records it had before. */
  readonly keptMounts: Judge;
  readonly ports: Pick<PortGuard, 'judge' | 'after'>;
  readonly dockerSockets: Pick<DockerSockets, 'judge' | 'judgeBody'>;
  readonly refreshViews: RefreshViews;
  readonly containerId: ContainerIds;
  readonly witness: RequestWitness;
}

/** What happens around every exchange, whoever's connection it comes by: the same for all of them, so made once. */
export function createGateHooks(sources: GateHookSources): GateHooks {
  const {
    signIn,
    asked,
    policy,
    images,
    keptMounts,
    ports,
    dockerSockets,
    refreshViews,
    containerId,
    witness,
  } = sources;
  const views = freshViewHooks(refreshViews);
  const judgeOthers = judgeAll([
    () => {
      asked();
    },
    signIn,
    createSettingsJudge(policy),
    images.judge,
    keptMounts,
    ports.judge,
  ]);
  return {
    judge: async (exchange) => {
      await judgeOthers(exchange);
      return dockerSockets.judge(exchange);
    },
    judgeBody: async (exchange, body) => {
      await images.judgeBody(exchange, body);
      await dockerSockets.judgeBody(exchange, body);
    },
    before: views.before,
    after: async (exchange) => {
      await views.after(exchange);
      await ports.after(exchange);
    },
    watch: (exchange, status) => images.watch(exchange, status),
    containerId,
    policy,
    bodies: new BodyBudget(),
    witness,
  };
}
