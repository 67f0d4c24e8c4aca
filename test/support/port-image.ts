import { join } from 'node:path';
import { type Docker, probe, unique } from './docker.ts';

/** Where `make -C test/probes` leaves `port-echo`, `port-forge` and `ends-first`. */
export const portPrograms = join(import.meta.dirname, '..', 'probes', 'build');

/** Builds the probe image with those programs in it and gives its name; whoever asked removes it. */
export async function portImage(docker: Docker): Promise<string> {
  const image = unique('ports');
  const dockerfile = `FROM ${probe}\nCOPY port-echo port-forge ends-first /bin/\nCMD ["port-echo", "80"]\n`;
  await docker.ok(['build', '-q', '-t', image, '-f', '-', portPrograms], { input: dockerfile });
  return image;
}
