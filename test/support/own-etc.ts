import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes what is to be the `/etc` of a machine of a test's own: this machine's, with another name server and with certificates of registries.
 *
 * @param certificates as `/etc/docker/certs.d`.
 */
export async function makeEtc(
  directory: string,
  { nameServer, certificates }: { readonly nameServer: string; readonly certificates: string },
): Promise<string> {
  await cp('/etc', directory, { recursive: true, verbatimSymlinks: true });
  await rm(join(directory, 'resolv.conf'));
  await writeFile(join(directory, 'resolv.conf'), `nameserver ${nameServer}\n`);
  await mkdir(join(directory, 'docker'), { recursive: true });
  await cp(certificates, join(directory, 'docker', 'certs.d'), { recursive: true });
  return directory;
}
