import { channelErrors } from './channel.js';
import type { ErrorDefinition } from './definition.js';
import { registryAccessErrors } from './registry-access.js';
import { egressErrors } from './egress.js';
import { explainErrors } from './explain.js';
import { gateErrors } from './gate.js';
import { gateSettingsErrors } from './gate-settings.js';
import { imageErrors } from './image.js';
import { isolationErrors } from './isolation.js';
import { runtimeErrors } from './runtime.js';
import { nativeErrors } from './native.js';
import { policyErrors } from './policy.js';
import { settingsErrors } from './settings.js';
import { sharingErrors } from './sharing.js';
import { signInErrors } from './sign-in.js';
import { vmErrors } from './vm.js';

/** Every error code of the product, in one place. docs/errors.md is generated from it; a test keeps them equal. */
const tables = {
  ...channelErrors,
  ...registryAccessErrors,
  ...egressErrors,
  ...explainErrors,
  ...gateErrors,
  ...gateSettingsErrors,
  ...imageErrors,
  ...isolationErrors,
  ...nativeErrors,
  ...policyErrors,
  ...runtimeErrors,
  ...settingsErrors,
  ...sharingErrors,
  ...signInErrors,
  ...vmErrors,
};

export type ErrorCode = keyof typeof tables;

export const errorRegistry: Readonly<Record<ErrorCode, ErrorDefinition>> = tables;
