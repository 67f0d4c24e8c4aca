import { execa } from 'execa';
import { join } from 'node:path';
import { z } from 'zod';

const answer = z.object({ dir: z.string() });

/** The directory of the image of this checkout: built when it is not, at once when it is. */
export async function builtImageDir(): Promise<string> {
  const given = process.env['BULKHEAD_TEST_IMAGE'];
  if (given !== undefined) return given;
  const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
  const { stdout } = await execa(process.execPath, [cli, 'image', 'build', '--json']);
  return answer.parse(JSON.parse(stdout)).dir;
}
