/** Ports as an administrator writes them; from first to last, each pair with the lower in front, in the order of the text. */
export type PortList = readonly (readonly [number, number])[];

export const everyPort: PortList = [[1, 65_535]];

/** Reads `*`, `443`, `80,443` and `8000-8999`. Undefined for anything else, the empty text among it. */
export function parsePortList(text: string): PortList | undefined {
  if (text === '*') return everyPort;
  const ranges = text.split(',').map((part): [number, number] | undefined => {
    const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    const [low, high] = [Number(first), Number(last)];
    return first !== '' && low >= 1 && low <= high && high <= 65_535 ? [low, high] : undefined;
  });
  const sound = ranges.filter((range) => range !== undefined);
  return sound.length === ranges.length ? sound : undefined;
}

export function includesPort(list: PortList, port: number): boolean {
  return list.some(([first, last]) => port >= first && port <= last);
}
