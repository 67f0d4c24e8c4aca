import { defineErrors, ExitCode } from './definition.js';

/** Failures while building or verifying the VM image. */
export const imageErrors = defineErrors({
  // Verification
  BH_IMAGE_CORRUPT: {
    message: 'The VM image file {file} is not the one its manifest describes: {reason}.',
    remedy: 'Nothing was booted. Rebuild it with `bulkhead image build --force`.',
    exitCode: ExitCode.badData,
  },
  BH_IMAGE_FILE_MISSING: {
    message: 'The VM image is incomplete: {file} cannot be read.',
    remedy: 'Nothing was booted. Build the image with `bulkhead image build`.',
    exitCode: ExitCode.badData,
  },
  BH_IMAGE_MANIFEST: {
    message: 'The manifest of the VM image ({file}) cannot be used: {reason}.',
    remedy: 'Nothing was booted. Rebuild the image with `bulkhead image build --force`.',
    exitCode: ExitCode.badData,
  },
  BH_IMAGE_TRUNCATED: {
    message: 'The VM image file {file} has {actual} bytes, its manifest says {expected}.',
    remedy: 'Nothing was booted. Rebuild it with `bulkhead image build --force`.',
    exitCode: ExitCode.badData,
  },

  BH_IMAGE_POLICY_KEY: {
    message: '{image} has {has}, and this machine takes images with the policy key of {file} alone.',
    remedy:
      'Nothing was started. Use an image that was built with that key, or ask your administrator. `bulkhead image build --no-policy-key` forgets it.',
    setting: 'image build --policy-key',
    exitCode: ExitCode.refused,
  },

  // What the build needs
  BH_IMAGE_INPUT_MISSING: {
    message: 'The image build needs {file}, which is not there ({what}).',
    remedy: 'Run `npm run build` and `make` in the checkout, then build the image again.',
    exitCode: ExitCode.configuration,
  },
  BH_IMAGE_NEEDS_ROOT: {
    message: 'Building the VM image needs root: mmdebstrap unpacks packages with their owners and modes.',
    remedy:
      'Run the same command after `sudo env "PATH=$PATH" XDG_CACHE_HOME="$HOME/.cache"`; with plain sudo the image is for root alone, in the cache of root.',
    exitCode: ExitCode.configuration,
  },
  BH_IMAGE_NO_SPACE: {
    message: 'There are {available} MB free in {directory}; building the VM image needs {needed} MB.',
    remedy: 'Free some space, or point XDG_CACHE_HOME to a larger disk.',
    exitCode: ExitCode.noDiskSpace,
  },
  BH_IMAGE_TOOL_MISSING: {
    message: 'Building the VM image needs the program {tool}, which is not installed.',
    remedy: 'Install the Debian or Ubuntu package {package} (`make setup` does), then build again.',
    exitCode: ExitCode.unavailable,
  },

  // Debian packages
  BH_IMAGE_MIRROR_UNREACHABLE: {
    message: 'The Debian packages could not be fetched: {reason}.',
    setting: 'BULKHEAD_APT_MIRROR',
    remedy: 'Check the network and the proxy, or set the variable to a mirror that carries Debian {suite}.',
    exitCode: ExitCode.temporary,
  },
  BH_IMAGE_PIN_MISMATCH: {
    message: 'The build is pinned to {pin}, but {mismatch}.',
    remedy: 'Use a mirror or snapshot that still carries the pinned versions, or build without --pin.',
    exitCode: ExitCode.refused,
  },
  BH_IMAGE_RELEASE_EXPIRED: {
    message:
      'The Release file of Debian {suite} is past its Valid-Until ({validUntil}), and --strict was asked for.',
    setting: 'BULKHEAD_APT_MIRROR',
    remedy: 'Use a mirror that is kept up to date, or build without --strict (the manifest then records it).',
    exitCode: ExitCode.refused,
  },
  BH_IMAGE_RELEASE_SIGNATURE: {
    message: 'The Release file of Debian {suite} has no good signature: {reason}.',
    remedy:
      'Install a current debian-archive-keyring, or use another mirror. An unsigned mirror is never used.',
    exitCode: ExitCode.refused,
  },

  // The build itself
  BH_IMAGE_RULE: {
    message: 'The image recipe {file} is wrong: {reason}.',
    remedy: 'Correct the rule; every file of the image must be asked for by one.',
    exitCode: ExitCode.badData,
  },
  BH_IMAGE_STEP_FAILED: {
    message: 'Building the VM image failed in {step}: {reason}.',
    remedy: 'Nothing was replaced; the previous image, if any, is still there.',
    exitCode: ExitCode.failure,
  },
});
