import type { PortList } from '../../common/port-list.js';
import type { CompiledRule } from './rule-bucket.js';

const ports = 65_536;

/** Which of many rules with ranges of ports holds for a port: what denies before what allows, and of those the first. Found once for every port: there can be as many ranges as rules. */
export class PortRanges {
  readonly #rules: CompiledRule[] = [];
  /** For each port the place of its rule in the list, or -1. */
  #table: Int32Array | undefined;

  add(rule: CompiledRule): void {
    this.#rules.push(rule);
    this.#table = undefined;
  }

  get rules(): readonly CompiledRule[] {
    return this.#rules;
  }

  at(port: number): CompiledRule | undefined {
    if (this.#rules.length === 0) return undefined;
    this.#table ??= tableOf(this.#rules);
    return this.#rules[this.#table[port] ?? -1];
  }
}

function isRange([first, last]: PortList[number]): boolean {
  return first !== last && (first !== 1 || last !== ports - 1);
}

/** Each port is taken once: the next that is free behind it is remembered. */
function tableOf(rules: readonly CompiledRule[]): Int32Array {
  const table = new Int32Array(ports).fill(-1);
  const next = Int32Array.from({ length: ports + 1 }, (_, port) => port);
  const freeFrom = (port: number): number => {
    let free = port;
    while (next[free] !== free) free = next[free] ?? ports;
    for (let at = port; at !== free;) {
      const following = next[at] ?? ports;
      next[at] = free;
      at = following;
    }
    return free;
  };
  for (const action of ['deny', 'allow'] as const)
    for (const [index, rule] of rules.entries())
      for (const [first, last] of rule.action === action ? rule.ports.filter(isRange) : [])
        for (let port = freeFrom(first); port <= last; port = freeFrom(port)) {
          table[port] = index;
          next[port] = port + 1;
        }
  return table;
}
