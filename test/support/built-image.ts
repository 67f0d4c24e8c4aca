import { join } from 'node:path';
import { silentReporter } from '../../dist/common/reporter.js';
import { buildImage, cacheRoot, useCached } from '../../dist/image/index.js';

/** The directory of the image of this checkout: built when it is not, at once when it is. It stays while this process runs. */
export async function builtImageDir(): Promise<string> {
  const dir = await findOrBuild();
  await useCached(cacheRoot(), dir);
  return dir;
}

async function findOrBuild(): Promise<string> {
  const given = process.env['BULKHEAD_TEST_IMAGE'];
  if (given !== undefined) return given;
  // Not by the command: that one takes the policy key a person may have built an image with.
  const projectDir = join(import.meta.dirname, '..', '..');
  return (await buildImage({ projectDir, cacheDir: cacheRoot() }, silentReporter)).dir;
}
