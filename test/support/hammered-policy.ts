import { eventually } from './eventually.ts';
import { createPrivileged, HammeringClient } from './hammering-client.ts';

/** What only members may ask, where the policy has them sign in. */
export const listContainers = { method: 'GET', path: '/v1.51/containers/json' };

/** Between two attempts of a client: what it asks starts meanwhile, in the VM under TCG. */
const pauseMs = 100;

/** Two clients of one engine that ask on and on: for what its policy forbids, and for what only members may. */
export class HammeredPolicy {
  readonly forbidden: HammeringClient;
  readonly membersOnly: HammeringClient;

  constructor(socket: string) {
    this.forbidden = new HammeringClient(socket, { request: createPrivileged, pauseMs });
    this.membersOnly = new HammeringClient(socket, { request: listContainers, pauseMs });
  }

  /** Resolves when both have got more of the answers they are to get, rejects after so many milliseconds. */
  async more(ofForbidden: string, ofMembersOnly: string, deadlineMs: number): Promise<void> {
    const counts = (): number[] => [this.forbidden.count(ofForbidden), this.membersOnly.count(ofMembersOnly)];
    const before = counts();
    await eventually(async () => {
      const now = counts();
      if (now.some((count, index) => count <= (before[index] ?? 0) + 3))
        throw new Error(`answers ${before.join(', ')}, later ${now.join(', ')}`);
    }, deadlineMs);
  }

  /** Ends them. Rejects where one was answered otherwise than by the rules, or by an engine that comes or goes (5xx). */
  async stop(): Promise<void> {
    await Promise.all([this.forbidden.stop(), this.membersOnly.stop()]);
    const others = ({ answers }: HammeringClient, ...kinds: string[]): string[] =>
      [...answers.keys()].filter((kind) => !kinds.includes(kind) && !/^5\d\d /.test(kind));
    const wrong = [
      ...others(this.forbidden, 'denied', 'sign-in'),
      ...others(this.membersOnly, 'served', 'sign-in'),
    ];
    if (wrong.length > 0) throw new Error(`the policy was not what answered: ${wrong.join('; ')}`);
  }
}
