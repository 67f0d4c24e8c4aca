import { type Check, ok, warning } from '../check.js';

const limit = '/proc/sys/user/max_user_namespaces';

interface Facts {
  readonly platform: NodeJS.Platform;
  /** Undefined where the kernel has none. */
  readonly most: number | undefined;
}

/** Of this machine's kernel: in the VM its own kernel gives them. */
export const userNamespacesCheck: Check<Facts> = {
  name: 'namespaces',
  async gather({ machine }) {
    const text = await machine.text(limit);
    return { platform: machine.platform, most: text === undefined ? undefined : Number(text) };
  },
  judge({ platform, most }) {
    if (platform !== 'linux') return [ok('of no concern here: containers run in the VM alone')];
    const without = 'The VM is not concerned, `bulkhead engine` (no VM) is.';
    if (most === undefined)
      return [
        warning('this kernel has no user namespaces', `${without} Use a kernel with CONFIG_USER_NS for it.`),
      ];
    if (most === 0)
      return [
        warning(
          `user namespaces are switched off on this machine (${limit} is 0)`,
          `${without} \`sudo sysctl user.max_user_namespaces=15000\` allows them.`,
        ),
      ];
    return [ok(`up to ${most} user namespaces, for \`bulkhead engine\``)];
  },
};
