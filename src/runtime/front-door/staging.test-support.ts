import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Decision, Plan, RootPlan, SourceFact, StagedBind } from '../../isolation/plan.js';
import { leaseFiles } from '../lease-files.js';
import { defaultLimits } from '../id-pool.js';
import type { ContainerRequest, RuntimeAuditEvent } from '../planner.js';
import { RuntimeServer } from '../runtime-server.js';
import { makeFrontDoor, type Outcome, type TestFrontDoor } from './front-door.test-support.js';

export const spec = {
  ociVersion: '1.2.1',
  root: { path: '/run/bulkhead/rootfs' },
  hostname: 'staged',
  linux: {},
};

/** Ranges come back only when no process has one of their ids, and engines on this machine give the first ones away. */
const ownIds = 2 ** 30 + (process.pid % 512) * 16 * defaultLimits.slot;

/**
 * A front door and a real server that answers it, over two layers, an upper directory and what the engine would have
 * mounted of them: `l0`, `l1`, `snap/fs` and `merged` below `layers`.
 */
export class Staging {
  /** What is opened; the root file system first. */
  paths: string[];
  /** Makes the plan sent out of the usual one: the layers as a writable root, nothing else. */
  change: (plan: Plan) => Plan = (plan) => plan;
  /** What happens between the look at the facts and the plan. */
  meanwhile: () => void = () => undefined;
  /** What the server has seen since the test began. */
  requests: ContainerRequest[] = [];
  facts: readonly SourceFact[] = [];
  audits: RuntimeAuditEvent[] = [];
  readonly door: TestFrontDoor;
  readonly layers: string;
  readonly server: RuntimeServer;

  private constructor(door: TestFrontDoor) {
    this.door = door;
    this.layers = join(door.directory, 'layers');
    for (const name of ['l0', 'l1', 'snap/fs', 'merged']) this.directory(name);
    this.paths = [this.layer('merged')];
    this.server = new RuntimeServer({
      planner: {
        begin: (request) => {
          this.requests.push(request);
          const decide = (facts: readonly SourceFact[], ids: Plan['ids']) => this.#decide(facts, ids);
          return Promise.resolve({ kind: 'inquiry', paths: this.paths, idCount: 65_536, decide });
        },
      },
      audit: (event) => this.audits.push(event),
      onError: (error) => {
        throw error;
      },
      store: leaseFiles(join(door.directory, 'run/ids')),
      limits: { ...defaultLimits, first: ownIds },
    });
  }

  /** @param runc a program in the place of runc; the script of `setRunc` by default. */
  static async start(runc?: string): Promise<Staging> {
    const staging = new Staging(await makeFrontDoor(runc === undefined ? {} : { runc }));
    await staging.server.listen({ path: staging.door.socket });
    return staging;
  }

  /** Back to how a test finds it. */
  reset(): void {
    this.paths = [this.layer('merged')];
    this.change = (plan) => plan;
    this.meanwhile = () => undefined;
    this.requests = [];
    this.facts = [];
    this.audits = [];
  }

  layer(name: string): string {
    return join(this.layers, name);
  }

  directory(name: string): string {
    mkdirSync(this.layer(name), { recursive: true });
    return this.layer(name);
  }

  file(name: string, content = name): string {
    this.directory(dirname(name));
    writeFileSync(this.layer(name), content);
    return this.layer(name);
  }

  overlay(readonly = false): RootPlan & { kind: 'overlay' } {
    return {
      kind: 'overlay',
      lower: [this.layer('l0'), this.layer('l1')],
      upper: { parent: this.layer('snap'), name: 'fs', workName: 'bulkhead-work' },
      options: '',
      readonly,
    };
  }

  create(id: string, config = '{"of":"the engine"}'): Promise<Outcome> {
    const state = join(this.door.directory, 'state');
    return this.door.run('--root', state, 'create', '--bundle', this.door.makeBundle(config), id);
  }

  /** Fails when a mount or a staged file is left. */
  async stop(): Promise<void> {
    const { directory } = this.door;
    await this.server.close();
    const left = ['stage', 'rootfs'].flatMap((name) => readdirSync(join(directory, 'run', name)));
    const mounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(directory);
    this.door[Symbol.dispose]();
    if (mounted || left.length > 0) throw new Error(`left on the host: ${left.join(' ')} mounts: ${mounted}`);
  }

  #decide(facts: readonly SourceFact[], ids: Plan['ids']): Decision {
    this.facts = facts;
    this.meanwhile();
    const plan: Plan = { ids, root: this.overlay(), binds: [], namespaces: [], delegated: [], spec };
    return { kind: 'plan', plan: this.change(plan) };
  }
}

/** One for all tests of a `describe`, as good as new for each. @returns a function that gives it within tests. */
export function useStaging(
  prepare: (staging: Staging) => void | Promise<void>,
  runc?: string,
): () => Staging {
  let staging: Staging | undefined;
  const given = (): Staging => {
    if (staging === undefined) throw new Error('asked for outside of a test');
    return staging;
  };
  beforeAll(async () => {
    staging = await Staging.start(runc);
    await prepare(staging);
  });
  beforeEach(() => given().reset());
  afterAll(() => staging?.stop());
  return given;
}

/** A bind as most are: writable, of the container's ids. */
export function bind(index: number, changed: Partial<StagedBind> = {}): StagedBind {
  const flags = { readonly: false, nosuid: true, nodev: true, noexec: false, idmap: true, recursive: false };
  return { index, ...flags, ...changed };
}

export const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
