import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes what is to be the `/etc` of a machine of a test's own: this machine's, with another name server.
 *
 * @param search where names without a dot are looked up. @param certificates of registries, as `/etc/docker/certs.d`.
 */
export async function makeEtc(
  directory: string,
  {
    nameServer,
    search,
    certificates,
  }: { readonly nameServer: string; readonly search?: string; readonly certificates?: string },
): Promise<string> {
  await cp('/etc', directory, { recursive: true, verbatimSymlinks: true });
  await rm(join(directory, 'resolv.conf'));
  await writeFile(
    join(directory, 'resolv.conf'),
    `nameserver ${nameServer}\n${search === undefined ? '' : `search ${search}\n`}`,
  );
  if (certificates === undefined) return directory;
  await mkdir(join(directory, 'docker'), { recursive: true });
  await cp(certificates, join(directory, 'docker', 'certs.d'), { recursive: true });
  return directory;
}
