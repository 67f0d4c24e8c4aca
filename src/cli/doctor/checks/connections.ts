import { mostOpenFiles } from '../../../common/open-files.js';
import { flowShare } from '../../../vm/network/index.js';
import { type Check, warning } from '../check.js';

interface Facts {
  /** Descriptors a process of this user may have at most, and QEMU with it; undefined where that can't be told. */
  readonly descriptors: number | undefined;
}

/** Below it a build with many downloads at once may be refused some. */
const enough = 1024;
const enoughDescriptors = 16_384;

/** What a network of containers may begin where the policy does not restrict the VM. Where there is enough nothing is said. */
export const connectionsCheck: Check<Facts> = {
  name: 'connections',
  gather: async ({ machine }) => ({
    descriptors: mostOpenFiles((await machine.text('/proc/self/limits')) ?? ''),
  }),
  judge({ descriptors }) {
    const share = flowShare(descriptors);
    if (share >= enough) return [];
    return [
      warning(
        `the containers of a network have ${share} connections to the world at once, and one of them ${Math.floor(share / 2)}; more are refused`,
        `Raise the hard limit of open files (\`ulimit -Hn\`; \`nofile\` in /etc/security/limits.conf) to ${enoughDescriptors} or more.`,
      ),
    ];
  },
};
