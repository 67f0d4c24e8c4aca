import { defineErrors, ExitCode } from './definition.js';

/** What may be shared with containers, and how it is refused before anything is started. */
export const sharingErrors = defineErrors({
  BH_SHARE_UNUSABLE: {
    message: "{path} can't be shared with containers: {reason}.",
    remedy: 'Name a directory that exists with --share. Nothing was started.',
    exitCode: ExitCode.usage,
  },
  BH_SHARE_PROTECTED: {
    message:
      "{path} can't be shared with containers: it is, holds or lies in {what}, which would let containers out.",
    remedy: 'Share a directory further down, or move the other one elsewhere. Nothing was started.',
    exitCode: ExitCode.refused,
  },
  BH_SHARE_NOT_ALLOWED: {
    message:
      "{path} can't be shared with containers: it lies in none of the directories the organization allows: {directories}.",
    setting: 'filesharingAllowedDirectories',
    remedy: 'Share one of these, or what is below them, or ask {contact}. Nothing was started.',
    exitCode: ExitCode.refused,
  },
  BH_SHARE_NAMESPACE: {
    message:
      "Nothing can be shared with containers from a user namespace of one's own: the organization allows directories by name, and names can be made to lead elsewhere there.",
    setting: 'filesharingAllowedDirectories',
    remedy:
      'Start it without unshare, or what else made the namespace, or ask {contact}. Nothing was started.',
    exitCode: ExitCode.refused,
  },
  BH_SHARE_NESTED: {
    message: "{path} can't be shared with containers beside {other}: one holds the other.",
    remedy: 'Share the outer one alone; what is below is then shared, too. Nothing was started.',
    exitCode: ExitCode.usage,
  },
  BH_SHARE_FILESYSTEM: {
    message:
      "{path} can't be shared with containers: it lies on {filesystem}, which can't be given a container's ids.",
    remedy: 'Move it to ext4, xfs, btrfs or a tmpfs. Nothing was started.',
    exitCode: ExitCode.configuration,
  },
  BH_SHARE_SERVER: {
    message: "{path} can't be shared with the VM: its server did not start: {reason}.",
    remedy: 'See what `bulkhead doctor` says of sharing, or boot without --share. Nothing was started.',
    exitCode: ExitCode.configuration,
  },
  BH_SHARE_NO_SERVER: {
    message: "{path} can't be shared with the VM: the image {image} has no server of shared directories.",
    remedy: 'Build the image anew with `bulkhead image build`. Nothing was started.',
    exitCode: ExitCode.configuration,
  },
  BH_SHARE_UNKNOWN: {
    message: '{path} is not shared with the VM.',
    remedy: '`bulkhead share list` says what is.',
    exitCode: ExitCode.usage,
  },
  BH_SHARE_IN_USE: {
    message: "{path} can't be taken away from the VM: {user} uses it.",
    remedy:
      'Stop what uses it (`docker ps`), and say it again; or `bulkhead share remove --force`, after which what uses it has a directory that answers nothing. It is shared still.',
    exitCode: ExitCode.temporary,
  },
  BH_SHARE_HELD: {
    message: '{path} is shared still: the VM was asked to let go of it, and {answer}.',
    remedy:
      '`bulkhead share remove --force` takes it away whatever the VM says; what uses it has a directory that answers nothing then.',
    exitCode: ExitCode.temporary,
  },
  BH_SHARE_SERVER_LEFT: {
    message:
      '{path} may be shared still: its server, process {pid}, was killed and has not ended within {seconds} s.',
    remedy:
      'It ends when the file system it waits for answers (one of another machine?): say it again then. `bulkhead share list` has it until it is gone.',
    exitCode: ExitCode.temporary,
  },
  BH_SHARE_NOT_PLACED: {
    message: "{path} can't come or go while the VM runs: {reason}.",
    remedy:
      'What is shared is as it was. `bulkhead down`, then `bulkhead up`, shares what your settings name.',
    exitCode: ExitCode.unavailable,
  },
  BH_SHARE_RESTART: {
    message: 'Restart needed: {reason}.',
    remedy: '`bulkhead down`, then `bulkhead up`.',
    exitCode: ExitCode.unavailable,
  },
  BH_SHARE_RECORD: {
    message: 'What containers of another engine or VM have cannot be told: {file} cannot be used: {reason}.',
    remedy: '{cure} Nothing was started.',
    exitCode: ExitCode.configuration,
  },
  BH_PLACE_SHARED: {
    message:
      '{name} is {what}, and containers of {other}, which runs, reach it: {directory} is shared with them (rule places-of-others).',
    setting: 'bulkhead.shares, --share',
    remedy: '{cure} Or move it elsewhere, or ask {contact}. Nothing was started.',
    exitCode: ExitCode.refused,
  },
  BH_SSH_AGENT: {
    message: "The ssh agent can't be passed on to containers: {reason}.",
    remedy:
      'Start an ssh agent, or leave --ssh-agent out; sudo drops the variable unless told --preserve-env=SSH_AUTH_SOCK. Nothing was started.',
    exitCode: ExitCode.configuration,
  },
  BH_SSH_AGENT_REFUSED: {
    message: "The ssh agent can't be passed on to containers: your organization's policy does not allow it.",
    setting: 'bulkhead.sshAgent',
    remedy: 'Ask {contact}, or leave --ssh-agent out. Nothing was started.',
    exitCode: ExitCode.refused,
  },
});
