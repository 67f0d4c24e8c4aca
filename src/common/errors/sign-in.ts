import { defineErrors, ExitCode } from './definition.js';

/** Who may use the engine, where the policy asks for members of an organization. Docker's texts for the same are in the first two. */
export const signInErrors = defineErrors({
  BH_SIGN_IN_REQUIRED: {
    message:
      'Sign in to continue using Bulkhead. Membership in the [{organizations}] organization is required. Sign in enforced by your administrators (via {via}). Refused by rule sign-in.',
    setting: 'bulkhead.signIn.allowedOrgs',
    remedy: 'Run `bulkhead sign-in` on the host, or ask {contact}. Containers that run go on.',
    exitCode: ExitCode.refused,
  },
  BH_SIGN_IN_NOT_MEMBER: {
    message:
      'You must be a member of the {organizations} organization. Log in with a different account, or contact your organization owner to add your account.',
    setting: 'bulkhead.signIn.allowedOrgs',
    remedy: 'The provider says that {subject} is in: {found} (claim {claim}). Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_SIGN_IN_NOT_NEEDED: {
    message: 'The policy in force asks nobody to sign in.',
    setting: 'bulkhead.signIn',
    remedy: 'Use the engine as it is.',
    exitCode: ExitCode.configuration,
  },
  BH_SIGN_IN_TOKEN: {
    message: 'The identity token that was to be of {issuer} is refused, because {reason}.',
    remedy: 'Run `bulkhead sign-in` again. Ask {contact} if it stays so.',
    exitCode: ExitCode.refused,
  },
  BH_SIGN_IN_KEYS: {
    message: 'The engine cannot verify identity tokens: the keys of {issuer} cannot be had: {reason}.',
    setting: 'bulkhead.signIn.jwks',
    remedy:
      'Try again when the network is there. Where the engine can never reach the provider, {contact} pins its keys.',
    exitCode: ExitCode.temporary,
  },
  BH_SIGN_IN_CLOCK: {
    message: 'The clock of the engine says {now}, and it was past {seen} before.',
    remedy: 'Set the clock of this machine right, and start the engine again.',
    exitCode: ExitCode.temporary,
  },
  BH_SIGN_IN_NOT_KEPT: {
    message: 'What became of signing in or out could not be written to the data disk: {reason}.',
    remedy: 'Make room on the data disk, and do it again.',
    exitCode: ExitCode.unavailable,
  },
  BH_SIGN_IN_PROVIDER: {
    message: 'The provider {issuer} did not sign you in: {reason}.',
    remedy: 'Run `bulkhead sign-in` again. Ask {contact} if it stays so.',
    exitCode: ExitCode.unavailable,
  },
  BH_REGISTRY_FILE: {
    message: 'The file {file} cannot be read: {reason}.',
    remedy: 'Nothing was started.',
    exitCode: ExitCode.unavailable,
  },
  BH_REGISTRY_INVALID: {
    message: '{file}:{line}:{column}: {key}: {reason}.',
    remedy: 'It is a registry.json such as {"allowedOrgs": ["acme"]}. Nothing was started.',
    exitCode: ExitCode.badData,
  },
  BH_SIGN_IN_NO_ISSUER: {
    message:
      '{file} asks for members of [{organizations}], and no policy names the provider they would sign in with.',
    setting: 'bulkhead.signIn.issuer',
    remedy: 'Ask {contact} for the policy, and start with --policy.',
    exitCode: ExitCode.configuration,
  },
});
