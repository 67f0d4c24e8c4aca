import { defineErrors, ExitCode } from './definition.js';

/** Refusals of requests by a setting that Docker's Settings Management has as well. */
export const gateSettingsErrors = defineErrors({
  BH_GATE_IMAGE_ARCHIVE: {
    message:
      'docker load is blocked here, and with it every image from an archive: {what} is refused by rule image-archives.',
    setting: 'blockDockerLoad',
    remedy: 'Pull the image from a registry instead, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
});
