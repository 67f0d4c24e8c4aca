import type { SocketMountPolicy } from '../../gate/socket-mount/decide-image.js';
import { ImageList } from '../../gate/socket-mount/image-list.js';
import type { Settings } from '../../policy/index.js';

/** What the organization's policy says about the Docker socket in containers; without a policy nobody has one. */
export function socketMountPolicyOf({ enhancedContainerIsolation, bulkhead }: Settings): SocketMountPolicy {
  const { imageList, commandList } = enhancedContainerIsolation?.dockerSocketMount ?? {};
  return {
    images: new ImageList(imageList?.images ?? []),
    allowDerived: imageList?.allowDerivedImages ?? false,
    commands: commandList,
    rules: (bulkhead?.socketRules ?? []).map((rule) => ({
      images: new ImageList([rule.image]),
      commands: rule.commandList,
    })),
  };
}
