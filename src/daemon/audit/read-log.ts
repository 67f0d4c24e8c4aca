import { StringDecoder } from 'node:string_decoder';

/** Characters; what is longer was not written by us, or is what a loss of power made of a block. */
const longestLine = 65_536;

/** The place of a line, which its writer puts first. */
const place = /^\{"seq":(\d+),"boot":"[^"]*","time":"([^"]+)"/;

export interface PlacedLine {
  readonly seq: number;
  readonly time: string;
  readonly text: string;
}

/** Undefined for what is no whole line of the log, such as one that was cut off when the power went. */
export function placeOf(text: string): PlacedLine | undefined {
  const [, seq, time] = place.exec(text) ?? [];
  if (seq === undefined || time === undefined || !text.endsWith('}')) return undefined;
  return { seq: Number(seq), time, text };
}

/** The lines of files, oldest file first. */
export async function* linesOf(
  files: readonly AsyncIterable<Buffer>[],
): AsyncGenerator<PlacedLine, void, undefined> {
  for (const file of files) {
    for await (const text of splitLines(file)) {
      const line = placeOf(text);
      if (line !== undefined) yield line;
    }
  }
}

/** Unlike that of the control channel, it goes on after what is too long for a line. */
async function* splitLines(file: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of file) {
    const lines = (begun + decoder.write(chunk)).split('\n');
    begun = lines.pop() ?? '';
    if (begun.length > longestLine) begun = begun.slice(0, longestLine);
    yield* lines;
  }
}

/** Two series as one, by their numbers. */
export async function* merged(
  one: AsyncGenerator<PlacedLine, void, undefined>,
  other: AsyncGenerator<PlacedLine, void, undefined>,
): AsyncGenerator<PlacedLine, void, undefined> {
  let [a, b] = await Promise.all([one.next(), other.next()]);
  while (a.done !== true || b.done !== true) {
    if (b.done === true || (a.done !== true && a.value.seq <= b.value.seq)) {
      if (a.done !== true) yield a.value;
      a = await one.next();
    } else {
      yield b.value;
      b = await other.next();
    }
  }
}
