import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { AcceleratorChoice } from './accelerator.js';

const accelerator = z.enum(['kvm', 'hvf', 'whpx', 'tcg']);
const cacheSchema = z.strictObject({
  key: z.string(),
  choice: z.strictObject({
    accelerator,
    refused: z.array(z.strictObject({ accelerator, reason: z.string() })),
  }),
});

/**
 * Remembers the outcome of the probe in `file`, because a refused accelerator costs its whole deadline. `key` names what the
 * outcome depends on (boot, QEMU, user); another key, or a file that cannot be read, means to probe again.
 */
export async function cachedChoice(
  file: string,
  key: string,
  probe: () => Promise<AcceleratorChoice>,
): Promise<AcceleratorChoice> {
  const known = await read(file);
  if (known?.key === key) return known.choice;
  const choice = await probe();
  // A cache that cannot be written must not keep a VM from starting.
  await write(file, JSON.stringify({ key, choice })).catch(() => undefined);
  return choice;
}

async function read(file: string): Promise<z.infer<typeof cacheSchema> | undefined> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
