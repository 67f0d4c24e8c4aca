import type { IpNetwork } from '../../common/ip-address.js';
import type { PortList } from '../../common/port-list.js';
import { PortRanges } from './port-ranges.js';

/** One destination of one rule. */
export interface CompiledRule {
  readonly action: 'allow' | 'deny';
  /** Where it stands, as `bulkhead.networkAccess.rules[3]`, and what it is about, for people. */
  readonly place: string;
  readonly to: string;
  readonly ports: PortList;
  readonly addresses: readonly IpNetwork[];
}

/** Of rules for the same hosts and the same clients those of one port count before those of many, and these before those of all; then what denies. */
interface SelectorRules {
  readonly single: Map<number, CompiledRule>;
  readonly ranges: PortRanges;
  every: CompiledRule | undefined;
}

/** The rules about the same hosts. */
export class RuleBucket {
  /** By the number of their selector. */
  readonly #rules = new Map<number, SelectorRules>();

  add(selector: number, rule: CompiledRule): void {
    const rules = this.#rules.get(selector) ?? noRules();
    this.#rules.set(selector, rules);
    let ranged = false;
    for (const [first, last] of rule.ports) {
      if (first === 1 && last === 65_535) rules.every = stricter(rules.every, rule);
      else if (first === last) rules.single.set(first, stricter(rules.single.get(first), rule));
      else ranged = true;
    }
    if (ranged) rules.ranges.add(rule);
  }

  /** @param selectors those that are for the client, the most specific first; a list for each degree. */
  find(selectors: readonly (readonly number[])[], port: number): CompiledRule | undefined {
    for (const equal of selectors) {
      const found = this.#of(equal);
      const rule =
        strictest(found.map(({ single }) => single.get(port))) ??
        strictest(found.map(({ ranges }) => ranges.at(port))) ??
        strictest(found.map(({ every }) => every));
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  /** Whether a connection to some port is allowed by a rule of these; `never`: one denies every port, and none is more specific. */
  allowsSome(selectors: readonly (readonly number[])[]): boolean | 'never' {
    const found = selectors.flatMap((equal) => this.#of(equal));
    const rules = found.flatMap(({ single, ranges, every }) => [
      ...single.values(),
      ...ranges.rules,
      ...(every === undefined ? [] : [every]),
    ]);
    if (rules.some(({ action }) => action === 'allow')) return true;
    return found.some(({ every }) => every !== undefined) ? 'never' : false;
  }

  /** By whichever are fewer. */
  #of(selectors: readonly number[]): SelectorRules[] {
    if (selectors.length <= this.#rules.size)
      return selectors.flatMap((selector) => this.#rules.get(selector) ?? []);
    const wanted = new Set(selectors);
    return [...this.#rules].flatMap(([selector, rules]) => (wanted.has(selector) ? [rules] : []));
  }
}

function noRules(): SelectorRules {
  return { single: new Map<number, CompiledRule>(), ranges: new PortRanges(), every: undefined };
}

function stricter(one: CompiledRule | undefined, other: CompiledRule): CompiledRule {
  return one === undefined || (one.action === 'allow' && other.action === 'deny') ? other : one;
}

function strictest(rules: readonly (CompiledRule | undefined)[]): CompiledRule | undefined {
  return rules.find((rule) => rule?.action === 'deny') ?? rules.find((rule) => rule !== undefined);
}
