import { defineErrors, ExitCode } from './definition.js';

/** Refusals of what leaves the engine. Where Docker documents a text for the same refusal, its stable core is in ours. */
export const registryAccessErrors = defineErrors({
  BH_REGISTRY_ACCESS: {
    message:
      'Access to {host} has been restricted by your administrators: {what} is refused by rule registry-access, because {reason}.',
    setting: 'bulkhead.registryAccess',
    remedy: 'To access this registry, ask {contact} to add it to the allowed registries.',
    exitCode: ExitCode.refused,
  },
  BH_REGISTRY_REQUEST: {
    message: 'The request to {host} is refused by rule registry-requests, because {reason}.',
    setting: 'bulkhead.registryAccess, bulkhead.imageAccess',
    remedy:
      'Docker, containerd and BuildKit do not send such requests; what cannot be read with certainty never reaches a registry. Ask {contact} if one of your programs does.',
    exitCode: ExitCode.refused,
  },
  BH_REGISTRY_ANSWER: {
    message: 'The answer of {host} is refused by rule registry-answers: {reason}.',
    setting: 'bulkhead.registryAccess, bulkhead.imageAccess',
    remedy: 'Ask {contact}, or whoever keeps that registry.',
    exitCode: ExitCode.refused,
  },
  BH_REGISTRY_UNREAD: {
    message: 'A connection of the engine’s to {host} is refused by rule registry-requests, because {reason}.',
    setting: 'bulkhead.registryAccess, bulkhead.imageAccess',
    remedy:
      'What cannot be read with certainty never reaches a registry. Ask {contact} if one of your programs needs it.',
    exitCode: ExitCode.refused,
  },
  BH_REGISTRY_UNREACHED: {
    message: 'The registry {host} is not reached: {reason}.',
    remedy: 'See whether it runs and answers there, and try again.',
    exitCode: ExitCode.unavailable,
  },
  BH_REGISTRY_UNTRUSTED: {
    message: 'The registry {host} is not reached: {reason}.',
    remedy:
      'Its certificate, where that is the reason, is held against the authorities of this machine and /etc/docker/certs.d on it.',
    exitCode: ExitCode.unavailable,
  },
  BH_IMAGE_ACCESS: {
    message: 'image access denied: {reason}: {what} is refused by rule image-access ({place}).',
    setting: 'bulkhead.imageAccess',
    remedy: 'Use an image that is allowed, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_IMAGE_ORIGIN: {
    message:
      'image access denied: {reason}: {image} comes from {what}, which is refused by rule image-access ({place}).',
    setting: 'bulkhead.imageAccess',
    remedy:
      'Use an image that is allowed, or ask {contact}. Where rules are for some versions of an image, docker pull says which of them this one is, or is made of.',
    exitCode: ExitCode.refused,
  },
  BH_IMAGE_STORE: {
    message:
      'The policy says which images may be used (bulkhead.imageAccess), and the engine of this image keeps them with containerd, which does not note where they come from: nothing is served (rule image-access).',
    setting: 'bulkhead.imageAccess',
    remedy:
      'Use an image whose engine keeps images with overlay2, as those of Bulkhead do, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_IMAGE_NAME: {
    message: '{image} is not the name of an image.',
    remedy: 'Write it as for docker pull, such as alpine:3.22 or ghcr.io/acme/tool@sha256:….',
    exitCode: ExitCode.usage,
  },
  BH_IMAGE_UNREADABLE: {
    message:
      '{image} is refused by rule image-names: it is no name of an image, or one whose registry is read in several ways, and no rule of the policy can be held against it.',
    setting: 'bulkhead.registryAccess, bulkhead.imageAccess',
    remedy:
      'Write it as for docker pull, such as alpine:3.22 or ghcr.io/acme/tool@sha256:…, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_PUBLISHERS_INVALID: {
    message: '{file}:{line}:{column}: {key}: {reason}.',
    remedy: 'Until there is a list that is in order, nobody counts as a verified publisher.',
    exitCode: ExitCode.badData,
  },
  BH_PUBLISHERS_REFUSED: {
    message: 'The list of verified publishers {file} is not taken, because {reason}.',
    setting: 'bulkhead.imageAccess.publishers',
    remedy:
      'Until there is one that is, nobody counts as a verified publisher. Ask {contact} for the newest list.',
    exitCode: ExitCode.badData,
  },
});
