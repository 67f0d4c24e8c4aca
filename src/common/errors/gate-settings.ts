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
  BH_GATE_PORT_BINDING: {
    message:
      'Published ports listen on the loopback of this machine alone: {what} is refused by rule port-bindings.',
    setting: 'portBindingBehavior',
    remedy:
      'Leave the address out, or name 127.0.0.1 or [::1], as in -p 127.0.0.1:8080:80; make a container from before this rule anew. Ask {contact} if others must reach it.',
    exitCode: ExitCode.refused,
  },
});
