import { join } from 'node:path';
import { cacheRoot } from '../../../dist/image/index.js';
import { prepareUserland, type Userland } from '../../../dist/image/userland.js';
import { systemExec } from '../../../dist/common/exec.js';

/** podman and runsc with what they need at run time, of the same suite as the VM's own packages. */
const packages = ['podman', 'crun', 'netavark', 'nftables', 'iptables', 'runsc', 'busybox-static', 'passwd'];

/** The peers' packages, unpacked in the cache as the image's are. Nothing is installed on the machine. */
export async function peersUserland(): Promise<Userland> {
  const userland = await prepareUserland(
    {
      parent: join(cacheRoot(), 'peers'),
      packages,
      pin: undefined,
      strict: false,
      refresh: false,
      mirror: process.env['BULKHEAD_APT_MIRROR'],
      now: new Date(),
      signal: undefined,
    },
    systemExec,
  );
  if (!userland.reused) console.error(`unpacked in ${userland.root}: ${packages.join(', ')}`);
  return userland;
}

/** Name and version of a package, as the table shows it. */
export function versionOf(userland: Userland, name: string): string {
  return `${name} ${userland.packages.find((entry) => entry.name === name)?.version ?? '(unknown version)'}`;
}
