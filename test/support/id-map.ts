export interface IdMap {
  readonly inside: number;
  readonly base: number;
  readonly size: number;
}

/** Reads the one line of /proc/self/uid_map (user_namespaces(7)); throws when there are more, or fewer. */
export function parseIdMap(text: string): IdMap {
  const lines = text.trim().split('\n');
  const [inside, base, size] = (lines[0] ?? '').trim().split(/\s+/).map(Number);
  if (lines.length !== 1 || inside === undefined || base === undefined || size === undefined) {
    throw new Error(`not an id map of one line: ${text}`);
  }
  return { inside, base, size };
}

export function disjoint(a: IdMap, b: IdMap): boolean {
  return a.base + a.size <= b.base || b.base + b.size <= a.base;
}
