import { type EgressClient, egressClientSchema, longestClientLine } from '../../common/egress-clients.js';

/** Lines that say who has which address now, by whom they are about; undefined while the engine does not say. */
export type ClientLines = ReadonlyMap<string, string> | undefined;

export function clientLines(clients: readonly EgressClient[]): ClientLines {
  const lines = new Map<string, string>();
  for (const client of clients) {
    const line = JSON.stringify(client);
    // Whoever has too much to say of itself is nobody.
    if (line.length <= longestClientLine) lines.set('id' in client ? client.id : client.kind, line);
  }
  return lines;
}

/** The same with no address of these containers. Each stays the one it is: what is found out about it hangs on that. */
export function withoutAddresses(lines: ClientLines, containers: ReadonlySet<string>): ClientLines {
  if (lines === undefined || containers.size === 0) return lines;
  return new Map(
    [...lines].map(([id, line]) => [
      id,
      containers.has(id)
        ? JSON.stringify({ ...egressClientSchema.parse(JSON.parse(line)), addresses: [] })
        : line,
    ]),
  );
}

/** What is to be said to whom `told` was said; those that are gone first, as others may have their addresses. */
export function difference(told: ClientLines, now: ClientLines): string[] {
  if (now === undefined) return told === undefined ? [] : [JSON.stringify({ kind: 'nobody' })];
  const gone = [...(told?.keys() ?? [])].filter((id) => !now.has(id));
  return [
    ...gone.map((id) => JSON.stringify({ kind: 'gone', id })),
    ...[...now].flatMap(([id, line]) => (told?.get(id) === line ? [] : [line])),
  ];
}
