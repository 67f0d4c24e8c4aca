/** One place where two values differ. `before` or `after` is absent where there is nothing. */
export interface Difference {
  /** Dotted path; an element of a list is named by what it is about (`mounts[/data].options[]`). */
  readonly what: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What must be done to `before` to get `after`, as small as it can be said. Both are trees of plain data. */
export function differences(before: unknown, after: unknown, what = ''): Difference[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, what);
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      differences(before[key], after[key], what === '' ? key : `${what}.${key}`),
    );
  }
  return [
    {
      what,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

/** Elements are paired by what they are about, not by position: rules take out, add and reorder. */
function listDifferences(before: readonly unknown[], after: readonly unknown[], what: string): Difference[] {
  const left = new Map<string, unknown[]>();
  for (const element of before) {
    const label = labelOf(element);
    left.set(label, [...(left.get(label) ?? []), element]);
  }
  const found: Difference[] = [];
  for (const element of after) {
    const label = labelOf(element);
    const [pair, ...rest] = left.get(label) ?? [];
    left.set(label, rest);
    const place = placeOf(what, element);
    found.push(
      ...(pair === undefined ? [{ what: place, after: element }] : differences(pair, element, place)),
    );
  }
  const gone = [...left.values()]
    .flat()
    .map((element) => ({ what: placeOf(what, element), before: element }));
  return [...gone, ...found];
}

function placeOf(what: string, element: unknown): string {
  return `${what}[${nameOf(element) ?? ''}]`;
}

function labelOf(element: unknown): string {
  return (
    nameOf(element) ??
    JSON.stringify(element, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ??
    ''
  );
}

/** What an element of one of the specification's lists is about: a place, a node, a system call, a type of namespace. */
function nameOf(element: unknown): string | undefined {
  if (!isRecord(element) || 'allow' in element) return undefined;
  const { destination, path, names, type } = element;
  const firstName: unknown = Array.isArray(names) ? names[0] : undefined;
  const name = destination ?? firstName ?? ('major' in element ? path : type);
  return typeof name === 'string' ? name : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
