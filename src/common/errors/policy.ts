import { defineErrors, ExitCode } from './definition.js';

/** What is wrong with a policy file. Whoever wrote it reads these, so each says where. */
export const policyErrors = defineErrors({
  BH_POLICY_FILE: {
    message: 'The policy file {file} cannot be read: {reason}.',
    remedy: 'Nothing was changed.',
    exitCode: ExitCode.unavailable,
  },
  BH_POLICY_INVALID: {
    message: '{file}:{line}:{column}: {key}: {reason}.',
    remedy: 'Nothing was changed; the policy in force stays.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_KEY_FILE: {
    message: '{file} is not an Ed25519 {kind} key in PEM: {reason}.',
    remedy:
      'Make a pair with `openssl genpkey -algorithm ed25519 -out policy.key` and `openssl pkey -in policy.key -pubout -out policy.pub`.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_NO_SERIAL: {
    message: '{file} has no bulkhead.serial, so an older policy could be put back in its place unnoticed.',
    remedy: 'Add "serial" to the "bulkhead" object, higher than in every policy before. Nothing was written.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_MISSING: {
    message:
      'There is no policy, and this image serves under none but one signed with the key {keyId} of the organization.',
    setting: 'up --policy',
    remedy:
      'Ask your administrator for the signed admin-settings.json and put it into /etc/bulkhead, or name it with --policy.',
    exitCode: ExitCode.refused,
  },
  BH_POLICY_IMAGE_VERSION: {
    message:
      '{file} takes no image older than {minimum} (bulkhead.minimumImageVersion); this one is {version}.',
    setting: 'bulkhead.minimumImageVersion',
    remedy: 'Use a newer image, or ask {contact}. The policy in force stays.',
    exitCode: ExitCode.refused,
  },
  BH_POLICY_RECORD: {
    message: '{file}, a record of the policies that were in force here, is damaged.',
    remedy:
      'On the host, delete it: the record on the data disk counts then. On the data disk of a VM it is made anew as soon as the host has one: see docs/policy.md, "Signing, sealing, rollback".',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_UNSIGNED: {
    message: '{file} is not signed.',
    remedy: 'The administrator signs it with `bulkhead policy sign`. The policy in force stays.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_KEY: {
    message: '{file} is signed with the key {signer}, not with the key {keyId} of the organization.',
    remedy: 'Ask whoever gave you the file. The policy in force stays.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_ALTERED: {
    message: '{file} was changed after it was signed with the key {keyId}.',
    remedy: 'The administrator signs it again with `bulkhead policy sign`. The policy in force stays.',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_EXPIRED: {
    message: '{file} was valid until {expires} (bulkhead.expires).',
    remedy: 'Ask {contact} for a newer policy.',
    setting: 'bulkhead.expires',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_CLOCK: {
    message:
      '{file} was valid until {expires} (bulkhead.expires); by {source} it was {seen} here before, whatever the clock says now.',
    remedy:
      'Ask {contact} for a newer policy, or see docs/policy.md, "Rollback", where the clock was wrong then.',
    setting: 'bulkhead.expires',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_ROLLBACK: {
    message:
      '{file} has the serial {serial}; one with {highestSerial} was in force before, by {source} (bulkhead.serial).',
    remedy: 'Ask {contact} for the newest policy. The policy in force stays.',
    setting: 'bulkhead.serial',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_SERIAL_TAKEN: {
    message:
      '{file} has the serial {serial} (bulkhead.serial), which another policy with other content has had before, by {source}.',
    remedy:
      'Ask {contact} for a policy with a higher serial: every change takes a new one. The policy in force stays.',
    setting: 'bulkhead.serial',
    exitCode: ExitCode.badData,
  },
  BH_POLICY_NOT_WRITTEN: {
    message: '{file} could not be written: {reason}.',
    remedy: 'What was there before is still there.',
    exitCode: ExitCode.unavailable,
  },
});
