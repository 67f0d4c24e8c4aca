import { execa } from 'execa';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheRoot, useCached } from '../../dist/image/index.js';

const answer = z.object({ dir: z.string() });

/** The directory of the image of this checkout: built when it is not, at once when it is. It stays while this process runs. */
export async function builtImageDir(): Promise<string> {
  const dir = await findOrBuild();
  await useCached(cacheRoot(), dir);
  return dir;
}

async function findOrBuild(): Promise<string> {
  const given = process.env['BULKHEAD_TEST_IMAGE'];
  if (given !== undefined) return given;
  const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
  const { stdout } = await execa(process.execPath, [cli, 'image', 'build', '--json']);
  return answer.parse(JSON.parse(stdout)).dir;
}
