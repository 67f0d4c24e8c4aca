import { defineErrors, ExitCode } from './definition.js';

/**
 * Refusals of the container isolation rules; the whole text is what `docker run` shows. Where Docker documents a text
 * for the same refusal, its stable part is in ours word for word, so that scripts which look for it go on working.
 * `{rule}` is the rule's name in docs/isolation.md, `{contact}` comes from the policy.
 */
const refused = (message: string, remedy: string, setting?: string) => ({
  message: `enhanced container isolation: ${message} (rule {rule}).`,
  ...(setting === undefined ? {} : { setting }),
  remedy: `${remedy} Ask {contact} if you need it.`,
  exitCode: ExitCode.refused,
});

const notNegotiable = 'No setting allows this.';

export const isolationErrors = defineErrors({
  // The specification as a whole
  BH_ISOLATION_UNKNOWN_FIELD: refused(
    'the container specification holds {field}, which is not known here',
    'What nobody has checked is refused.',
  ),
  BH_ISOLATION_MALFORMED_SPEC: refused(
    'the container specification is not valid at {field}: {problem}',
    'The engine and this runtime may be of versions that do not fit.',
  ),
  BH_ISOLATION_FIELD_REFUSED: refused('{field} is refused, because {reason}', 'Leave the option out.'),
  BH_ISOLATION_PRIVILEGED: refused(
    'privileged containers are not allowed here',
    'Leave --privileged out, or name the capabilities the program needs with --cap-add.',
    'bulkhead.allowPrivileged',
  ),
  BH_ISOLATION_BUILD_INSECURE: refused(
    'build steps with --security=insecure are not allowed here',
    'Leave it out.',
    'bulkhead.buildInsecure',
  ),

  // Namespaces and ids
  BH_ISOLATION_HOST_NAMESPACES: refused(
    "can't share namespaces {names} with the host, because every container is isolated with a Linux user namespace",
    `Leave the option that asks for the host's namespace out. ${notNegotiable}`,
  ),
  BH_ISOLATION_HOST_NETWORK: refused(
    "can't share a network namespace with the host, because every container is isolated with a Linux user namespace",
    `Leave --network=host out and publish ports with -p. ${notNegotiable}`,
  ),
  BH_ISOLATION_BUILD_HOST_NETWORK: refused(
    "can't share a network namespace with the host, because every build step is isolated with a Linux user namespace",
    'Leave --network=host out.',
    'bulkhead.buildHostNetwork',
  ),
  BH_ISOLATION_BUILDER_NETWORK: refused(
    "can't give the build step the builder's network, because the container {container} that holds it does not run",
    'Build again; `bulkhead logs` says what kept it from running.',
  ),
  BH_ISOLATION_NAMESPACE_PATH: refused(
    "can't join the {type} namespace {path}: {reason}",
    'Only namespaces of one running isolated container can be joined.',
  ),
  BH_ISOLATION_NAMESPACES_MISSING: refused('container spec missing namespaces {names}', notNegotiable),
  BH_ISOLATION_ID_OUTSIDE_RANGE: refused(
    'the container process wants {kind} {id}, and the container has the ids 0 to {highest}',
    'Use a lower id.',
    'bulkhead.idsPerContainer',
  ),

  // Files
  BH_ISOLATION_ROOT: refused(
    "can't build the container's root file system: {reason}",
    'The storage driver of the engine must be overlay2 or the overlayfs snapshotter.',
  ),
  BH_ISOLATION_DOCKER_SOCKET: refused(
    'docker socket mount denied for container with image "{image}"; {because}',
    'Take an image that is allowed.',
    'enhancedContainerIsolation.dockerSocketMount.imageList',
  ),
  BH_ISOLATION_RESTRICTED_MOUNT: refused(
    "can't mount {source} because it's configured as a restricted host mount",
    'Use a named volume, or a directory that is shared with containers.',
    'bulkhead.shares, --share',
  ),
  BH_ISOLATION_SOURCE_UNREADABLE: refused(
    "can't mount {source}: it could not be opened (errno {errno})",
    'Check that it exists.',
  ),
  BH_ISOLATION_SOURCE_KIND: refused(
    "can't mount {source}: it is a {kind}, and only files and directories may be mounted",
    'For devices use --device.',
  ),
  BH_ISOLATION_FILESYSTEM: refused(
    "can't mount {source}: it lies on {filesystem}, which can't be given the container's ids",
    'Copy the files to a volume.',
  ),
  BH_ISOLATION_LAYERS: refused(
    "can't mount {source}: its layers can't be mounted anew, because {reason}",
    'Copy the files into the image instead.',
  ),
  BH_ISOLATION_MOUNT: refused('the mount on {destination} is refused, because {reason}', notNegotiable),
  BH_ISOLATION_PROPAGATION: refused(
    'propagation {propagation} of {destination} is refused, because mounts made inside would appear outside',
    'Use private or slave propagation.',
  ),

  // What the kernel is asked for
  BH_ISOLATION_CGROUP: refused(
    'the cgroup {path} is refused, because it is not one of the engine',
    'Leave --cgroup-parent out.',
    'bulkhead.cgroupParents',
  ),
  BH_ISOLATION_DEVICE: refused(
    'device {device} is not on the list of devices containers may have',
    'Leave it out.',
    'bulkhead.devices',
  ),
  BH_ISOLATION_HOOK: refused(
    'a {kind} hook that runs {path} is refused, because hooks run as root outside the container',
    'Leave the device or plugin that brings it out.',
  ),
  BH_ISOLATION_SECCOMP: refused(
    "the seccomp profile can't be used: {reason}",
    'Change the profile.',
    'bulkhead.seccompExempt',
  ),
  BH_ISOLATION_SYSCTL: refused(
    'sysctl {name} is refused, because it is not confined to the container',
    'Leave it out.',
  ),
});
