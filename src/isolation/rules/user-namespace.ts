import { type Rule, withLinux } from '../draft.js';

/**
 * Threat: root in a container without a user namespace of its own is root in the VM. Whatever the specification says
 * about user namespaces and mappings (`--userns=host`, userns-remap, nothing) is replaced by one namespace with one
 * exclusive range. Both mappings are written even when a namespace is joined: runc compares them.
 */
export const userNamespaceRule: Rule = {
  name: 'user-namespace',
  why: 'root of the container must be nobody in the VM: it gets ids no other container has',
  apply(draft) {
    const others = (draft.spec.linux.namespaces ?? []).filter(({ type }) => type !== 'user');
    const own =
      draft.joined === undefined
        ? { type: 'user' as const }
        : { type: 'user' as const, path: draft.joined.path };
    const mapping = [{ containerID: 0, hostID: draft.ids.base, size: draft.ids.size }];
    return withLinux(draft, {
      namespaces: [own, ...others],
      uidMappings: mapping,
      gidMappings: mapping,
    });
  },
};
