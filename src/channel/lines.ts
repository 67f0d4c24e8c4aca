import { StringDecoder } from 'node:string_decoder';

/** Characters; a line of this length is a fault of the sender and not a reason to fill the memory. */
const longestLine = 1 << 20;

/** Lines of a byte stream without their line feeds; the last one need not have one. Throws RangeError on an overlong line. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of chunks) {
    const lines = (begun + decoder.write(chunk)).split('\n');
    begun = lines.pop() ?? '';
    if (begun.length > longestLine) throw new RangeError(`a line is longer than ${longestLine} characters`);
    yield* lines;
  }
  begun += decoder.end();
  if (begun !== '') yield begun;
}
