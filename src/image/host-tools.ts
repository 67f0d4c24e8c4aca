import { delimiter } from 'node:path';
import { debianKeyring } from './userland-argv.js';

/** A program the image build runs on the host (or a file it reads, by absolute path), and the Debian or Ubuntu package that holds it. */
export interface HostTool {
  readonly tool: string;
  readonly package: string;
}

/** Where they are looked for, and what they find others by: Debian keeps some where the path of a user does not lead, which sudo may have been told to keep. */
export const toolPath = [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);

/** Everything `buildImage` executes. `make setup` installs these; verifying an image needs none of them. */
export const hostTools: readonly HostTool[] = [
  { tool: 'mmdebstrap', package: 'mmdebstrap' },
  { tool: 'apt-get', package: 'apt' },
  { tool: 'mkfs.erofs', package: 'erofs-utils' },
  { tool: 'veritysetup', package: 'cryptsetup-bin' },
  { tool: 'make', package: 'make' },
  { tool: 'gcc', package: 'gcc' },
  { tool: debianKeyring, package: 'debian-archive-keyring' },
  { tool: '/usr/lib/x86_64-linux-gnu/libc.a', package: 'libc6-dev' },
  { tool: 'strip', package: 'binutils' },
  { tool: 'xz', package: 'xz-utils' },
];
