import { includesPort, type PortList } from '../../common/port-list.js';
import type { CompiledRule } from './rule-bucket.js';

/** Lists of ports; `addressed`: of rules with addresses their names may have. */
interface Ports {
  readonly all: Map<string, PortList>;
  readonly addressed: Map<string, PortList>;
}

/** At which ports rules allow any name at all, by whom they are for: asked before the name is known, of as many rules as there are. */
export class AllowedNames {
  /** By selector: the lists as they stand in the rules, each once. */
  readonly #ports = new Map<number, Ports>();
  /** By who has the selectors; the same list for the same client. */
  readonly #merged = new WeakMap<readonly (readonly number[])[], Readonly<Record<keyof Ports, PortList>>>();

  add(selector: number, { action, ports, addresses }: CompiledRule): void {
    if (action !== 'allow') return;
    const own = this.#ports.get(selector) ?? { all: new Map(), addressed: new Map() };
    this.#ports.set(selector, own);
    own.all.set(ports.join(), ports);
    if (addresses.length > 0) own.addressed.set(ports.join(), ports);
  }

  /** @param which `addressed`: by a rule that names addresses, too. */
  at(selectors: readonly (readonly number[])[], port: number, which: keyof Ports): boolean {
    const known = this.#merged.get(selectors) ?? this.#merge(selectors);
    this.#merged.set(selectors, known);
    return includesPort(known[which], port);
  }

  #merge(selectors: readonly (readonly number[])[]): Readonly<Record<keyof Ports, PortList>> {
    const own = selectors.flat().flatMap((selector) => this.#ports.get(selector) ?? []);
    const of = (which: keyof Ports): PortList =>
      mergedPorts(own.flatMap((each) => [...each[which].values()].flat()));
    return { all: of('all'), addressed: of('addressed') };
  }
}

/** As few as say the same. */
function mergedPorts(ports: PortList): PortList {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ports].sort(([a], [b]) => a - b)) {
    const before = merged.at(-1);
    if (before === undefined || first > before[1] + 1) merged.push([first, last]);
    else before[1] = Math.max(before[1], last);
  }
  return merged;
}
