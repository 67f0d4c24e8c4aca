import type { HostName } from '../../common/authority.js';
import { domainsAbove } from '../../common/host-name.js';
import type { HostPattern } from '../../common/host-pattern.js';

/** Rules by the hosts they are for: of fifty thousand those of one host are found as fast as of ten. */
export class HostIndex<Entry> {
  readonly #hosts = new Map<string, Entry[]>();
  readonly #below = new Map<string, Entry[]>();

  add({ below, host }: HostPattern, entry: Entry): void {
    const entries = below ? this.#below : this.#hosts;
    const found = entries.get(host.text);
    if (found === undefined) entries.set(host.text, [entry]);
    else found.push(entry);
  }

  /** The entries that name the host itself. */
  at({ text }: HostName): readonly Entry[] {
    return this.#hosts.get(text) ?? [];
  }

  /** The entries for a host, those of the nearest name first. */
  *find({ kind, text }: HostName): Generator<readonly Entry[]> {
    const exact = this.#hosts.get(text);
    if (exact !== undefined) yield exact;
    if (kind !== 'name' || this.#below.size === 0) return;
    for (const domain of domainsAbove(text)) {
      const found = this.#below.get(domain);
      if (found !== undefined) yield found;
    }
  }
}
