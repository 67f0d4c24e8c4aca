import { open } from 'node:fs/promises';
import { printable } from '../common/printable.js';

const tailBytes = 16 * 1024;

/** The last lines of a serial console log, fit for printing; none when there is no log. */
export async function consoleTail(path: string, lines = 60): Promise<string[]> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return text
      .split('\n')
      .map(printable)
      .filter((line) => line !== '')
      .slice(-lines);
  } catch {
    return [];
  }
}
