import { defineErrors, ExitCode } from './definition.js';

/** Failures of the host-side controller: QEMU, disks, lifecycle. */
export const vmErrors = defineErrors({
  // QEMU on this machine
  BH_QEMU_MISSING: {
    message: 'QEMU was not found ({binary}).',
    setting: 'BULKHEAD_QEMU',
    remedy: 'Run `make setup`, or install QEMU 8.2 or newer and put it on PATH.',
    exitCode: ExitCode.unavailable,
  },
  BH_QEMU_TOO_OLD: {
    message:
      'QEMU {version} ({binary}) is too old: {minimum} or newer is needed, because before it the emulation of cmpxchg16b was wrong and Linux 6.12 and newer double-fault at boot.',
    setting: 'BULKHEAD_QEMU',
    remedy: 'Install a newer QEMU (on Debian 12 it is in bookworm-backports), or let the setting name one.',
    exitCode: ExitCode.unavailable,
  },
  BH_QEMU_UNUSABLE: {
    message: 'QEMU ({binary}) cannot be used: {reason}.',
    setting: 'BULKHEAD_QEMU',
    remedy: 'Run `{binary} --version` by hand; reinstall QEMU if it fails there too.',
    exitCode: ExitCode.unavailable,
  },
  BH_QMP_CLOSED: {
    message: 'The QEMU monitor closed while `{command}` waited for its answer.',
    remedy: 'QEMU ended or hangs; `bulkhead status` says which, and `bulkhead up` starts again.',
    exitCode: ExitCode.unavailable,
  },
  BH_QMP_COMMAND: {
    message: 'QEMU refused `{command}`: {reason}.',
    remedy: 'This is a defect of Bulkhead or a QEMU it does not know; please report it with `bulkhead logs`.',
    exitCode: ExitCode.internal,
  },
  BH_QMP_PROTOCOL: {
    message: 'QEMU sent something on its monitor that is not QMP: {reason}.',
    remedy: 'Install an unmodified QEMU 8.2 or newer.',
    exitCode: ExitCode.internal,
  },

  // The virtual machine while it boots and runs
  BH_VM_BOOT_TIMEOUT: {
    message: 'The VM did not get past {phase} within {seconds} s.',
    setting: 'up --timeout',
    remedy: 'Read {console}; on a slow or busy machine give it more time.',
    exitCode: ExitCode.temporary,
  },
  BH_VM_ENGINE_FAILED: {
    message: 'The VM booted but its container engine did not start: {reason}.',
    remedy: 'Read {console}, then `bulkhead up` again. The data disk {dataDisk} was kept.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_GUEST_FAILED: {
    message: 'The VM stopped while booting: {reason}.',
    remedy: 'Read {console}; its last lines name the cause.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_GUEST_PANIC: {
    message: 'The kernel of the VM panicked ({reason}).',
    remedy: 'Read {console}. The data disk {dataDisk} was kept; `bulkhead up` starts again.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_GUEST_RESET: {
    message: 'The VM reset itself after {phase}.',
    remedy: 'Read {console}. The data disk {dataDisk} was kept; `bulkhead up` starts again.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_GUEST_SHUTDOWN: {
    message: 'The VM powered itself off after {phase}, without having been asked to.',
    remedy: 'Read {console}. The data disk {dataDisk} was kept; `bulkhead up` starts again.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_LIFECYCLE: {
    message: 'The VM is {state}, where `{event}` must not happen.',
    remedy: 'This is a defect of Bulkhead; please report it with the controller log.',
    exitCode: ExitCode.internal,
  },
  BH_VM_POLICY_REFUSED: {
    message: 'The engine does not serve under this policy: {reason}',
    remedy: 'Nothing was served. Correct or replace the policy (`up --policy`), then `bulkhead up` again.',
    exitCode: ExitCode.refused,
  },
  BH_VM_QEMU_CRASHED: {
    message: 'QEMU crashed ({signal}) after {phase}: {reason}.',
    setting: 'BULKHEAD_QEMU',
    remedy:
      "The text is QEMU's own, and this a defect of that QEMU or of this machine (memory that ran out is one): try a newer QEMU. The data disk {dataDisk} was kept; `bulkhead up` starts again.",
    exitCode: ExitCode.unavailable,
  },
  BH_VM_QEMU_EXITED: {
    message: 'QEMU ended with status {status} after {phase}: {reason}.',
    remedy: "The text is QEMU's own. The data disk {dataDisk} was kept; `bulkhead up` starts again.",
    exitCode: ExitCode.unavailable,
  },
  BH_VM_QEMU_KILLED: {
    message: 'QEMU was ended by {signal} after {phase}, from outside.',
    remedy:
      'Look for an out-of-memory kill (`dmesg`) or give the VM less memory (up --memory). The data disk {dataDisk} was kept; `bulkhead up` starts again.',
    exitCode: ExitCode.unavailable,
  },
  BH_VM_ROOT_CORRUPT: {
    message: 'The VM refused its root file system: {reason}.',
    remedy:
      'A block of {root} or its hash tree {hash} is not the one that was built. Check the disk it is on, then `bulkhead image build --force`.',
    exitCode: ExitCode.badData,
  },
  BH_VM_VERITY_PARAMETERS: {
    message: 'The VM refused to boot: {reason}.',
    remedy: 'The root must be verified. Build the image again with `bulkhead image build --force`.',
    exitCode: ExitCode.refused,
  },

  // Disks
  BH_DATA_DISK_CORRUPT: {
    message: 'The data disk {dataDisk} cannot be mounted: {reason}.',
    remedy:
      'It was left as it is. Repair a copy with `e2fsck -f`, or move it away: `bulkhead up` then makes a new, empty one.',
    exitCode: ExitCode.badData,
  },
  BH_DATA_DISK_INVALID: {
    message: 'The data disk {dataDisk} cannot be used: {reason}.',
    remedy: 'Move it away; `bulkhead up` then makes a new, empty one.',
    exitCode: ExitCode.badData,
  },
  BH_DATA_DISK_MISSING: {
    message: 'The VM did not find its data disk {dataDisk}.',
    remedy: 'Read {console}; it shows the disks the kernel found.',
    exitCode: ExitCode.unavailable,
  },
  BH_DISK_TRIM: {
    message: 'The VM of instance {name} could not give free space of its data disk back to this machine.',
    remedy:
      'The file system the disk lies on may not be able to take holes (`bulkhead disk` shows where). Read `bulkhead logs --service console`.',
    exitCode: ExitCode.unavailable,
  },
  BH_DISK_AWAY: {
    message: 'The data disk was moved to {dataDisk}, and is not there.',
    remedy:
      'Mount the file system it is on. Nothing was started, because a new disk would be an empty one. If the disk is lost, remove disk.json in the state directory of the instance.',
    exitCode: ExitCode.unavailable,
  },
  BH_DISK_IN_USE: {
    message: 'Instance {name} runs, and its data disk cannot be {action} meanwhile.',
    remedy: 'Stop it with `bulkhead down` first.',
    exitCode: ExitCode.temporary,
  },
  BH_DISK_MOVE: {
    message: 'The data disk {dataDisk} was not moved to {directory}: {reason}.',
    remedy: 'It is where it was, and whole. Correct the cause and try again.',
    exitCode: ExitCode.noDiskSpace,
  },
  BH_DISK_NONE: {
    message: 'Instance {name} has no data disk yet ({dataDisk}).',
    remedy: 'The first `bulkhead up` makes it; `--data-size` says how large.',
    exitCode: ExitCode.unavailable,
  },
  BH_DISK_PLACE: {
    message: 'The data disk cannot be kept in {directory}: {reason}.',
    remedy: 'Choose a directory of your own, on a disk of this machine, that nobody else may write to.',
    exitCode: ExitCode.configuration,
  },
  BH_DISK_RECORD: {
    message: '{file}, which says where the data disk is, cannot be used: {reason}.',
    remedy:
      'Nothing was started, because a new disk would be an empty one. Correct the file, or remove it if the disk is where it was made.',
    exitCode: ExitCode.badData,
  },
  BH_DISK_RESIZE: {
    message: 'The data disk {dataDisk} was not resized: {reason}.',
    remedy: 'It is as it was. A file system such as FAT holds no file of that size.',
    exitCode: ExitCode.noDiskSpace,
  },
  BH_DISK_SHRINK: {
    message:
      'The data disk {dataDisk} has {size} GiB and is not made smaller: a file system that is interrupted while it shrinks is lost.',
    remedy:
      'It takes only the space that was used. For a smaller one, save what you need, move the disk away, and `bulkhead up --data-size`.',
    exitCode: ExitCode.refused,
  },
  BH_DISK_SPACE: {
    message: '{available} MiB are free in {directory}; the VM needs {needed} MiB there to start.',
    remedy: 'Free some space, or point XDG_STATE_HOME to a larger disk.',
    exitCode: ExitCode.noDiskSpace,
  },

  // Instances and their controllers
  BH_CONTROLLER_CRASHED: {
    message: 'The controller of instance {name} ended unexpectedly ({reason}).',
    remedy: 'QEMU ended with it and the data disk was kept. Read {log}, then `bulkhead up`.',
    exitCode: ExitCode.unavailable,
  },
  BH_CONTROLLER_UNRESPONSIVE: {
    message: 'The controller of instance {name} (process {pid}) does not answer on {socket}: {reason}.',
    remedy: 'Read {log}. Ending process {pid} also ends its VM; then `bulkhead up`.',
    exitCode: ExitCode.temporary,
  },
  BH_INSTANCE_LOCKED: {
    message: 'Instance {name} is in use by process {pid}.',
    remedy: 'Wait for it, or choose another instance with --name.',
    exitCode: ExitCode.temporary,
  },
  BH_INSTANCE_NAME: {
    message: '"{name}" is not an instance name: {rule}.',
    remedy: 'Choose another --name.',
    exitCode: ExitCode.usage,
  },
  BH_INSTANCE_NOT_RUNNING: {
    message: 'Instance {name} is not running.',
    remedy: 'Start it with `bulkhead up`.',
    exitCode: ExitCode.unavailable,
  },
  BH_INSTANCE_NOT_READY: {
    message: 'Instance {name} is {state}; its VM does not answer yet.',
    remedy: 'Wait until `bulkhead up` says it is ready, or read {console}.',
    exitCode: ExitCode.temporary,
  },
  BH_INTERNAL: {
    message: 'Something went wrong that Bulkhead has no text for: {reason}.',
    remedy: 'Run the command again with BULKHEAD_DEBUG=1 and report what it prints.',
    exitCode: ExitCode.internal,
  },
  BH_NO_IMAGE: {
    message: 'There is no VM image in {directory}.',
    setting: 'up --image',
    remedy: 'Build one with `bulkhead image build`.',
    exitCode: ExitCode.configuration,
  },
  BH_OPTION_VALUE: {
    message: '{option} {value} is not accepted: {rule}.',
    remedy: 'Correct the option; `bulkhead COMMAND --help` shows examples.',
    exitCode: ExitCode.usage,
  },
  BH_RUNTIME_DIRECTORY: {
    message: 'The directory {directory} cannot hold the sockets of an instance: {reason}.',
    setting: 'XDG_RUNTIME_DIR',
    remedy:
      'Make it a directory that only you can enter, or let the variable name another, or none (sudo and su may have kept that of another user).',
    exitCode: ExitCode.configuration,
  },
  BH_SOCKET_PATH_LONG: {
    message: 'The socket path {path} has {length} bytes; the kernel takes {limit}.',
    setting: 'XDG_RUNTIME_DIR',
    remedy: 'Choose a shorter --name or a shorter directory.',
    exitCode: ExitCode.configuration,
  },
});
