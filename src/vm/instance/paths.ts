import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { DocumentName } from '../documents/index.js';
import { checkInstanceName } from './name.js';
import { hasSockets, ownsDirectory, type RuntimeFacts, runtimeRoot } from './runtime-root.js';

/** What of the machine decides where things are; tests bring their own. */
export interface PathFacts extends RuntimeFacts {
  /** Of the user, by the machine's list of users, whatever the environment says. */
  readonly home: string;
}

const machineFacts: PathFacts = {
  env: process.env,
  uid: process.getuid?.() ?? 0,
  home: homeByUserList(),
  ownsDirectory,
  hasSockets,
};

function homeByUserList(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user without a line there, as in some containers.
    return homedir();
  }
}

/** Where everything of one instance is. Two instances share only the parents of their directories, and the records of policies. */
export interface InstancePaths {
  readonly name: string;
  /** `$XDG_STATE_HOME/bulkhead/<name>`: survives a reboot. */
  readonly stateDir: string;
  /** Where a data disk is made. Where it is, once it was moved, `diskRecord` says (`disk/settle-disk.ts`). */
  readonly dataDisk: string;
  readonly diskRecord: string;
  /** Where the data disk holds something already, whatever is found there; set by who has read the record. */
  readonly diskRecorded?: boolean;
  /** What the guest reads of the documents of the present or last VM. */
  readonly documentDisks: Readonly<Record<DocumentName, string>>;
  /** What is remembered of the policies that were in force on this machine (`host-record.ts`): written to the first, read in all. */
  readonly policyRecords: readonly [string, ...string[]];
  /** Serial console of the present or last VM. */
  readonly consoleLog: string;
  readonly controllerLog: string;
  /** What the controller last wrote about itself; see `controller-record.ts`. */
  readonly record: string;
  readonly lock: string;
  /** What the native engine of this name shares and goes by, and what its VM (`sharing/recorded-shares.ts`): both may run. */
  readonly sharedRecords: { readonly engine: string; readonly vm: string };
  /** `$XDG_RUNTIME_DIR/bulkhead/<name>`, or what `runtime-root.ts` says: sockets, gone after a reboot. */
  readonly runtimeDir: string;
  readonly dockerSocket: string;
  readonly controllerSocket: string;
  /** Where the gateway finds the relay of a VM whose policy says what may get out. */
  readonly egressSocket: string;
}

/** `sun_path` of unix(7) has 108 bytes, one of them the terminating null. macOS has four fewer. */
export const socketPathLimit = process.platform === 'darwin' ? 103 : 107;

/**
 * The paths of an instance, by the XDG Base Directory Specification (a relative value is ignored). Creates nothing.
 *
 * Throws `BH_INSTANCE_NAME` or `BH_SOCKET_PATH_LONG`.
 */
export function instancePaths(name: string, facts: PathFacts = machineFacts): InstancePaths {
  checkInstanceName(name);
  const stateDir = join(
    absolute(facts.env['XDG_STATE_HOME']) ?? join(homedir(), '.local', 'state'),
    'bulkhead',
    name,
  );
  const runtimeDir = join(runtimeRoot(name, facts), name);
  return {
    name,
    stateDir,
    dataDisk: join(stateDir, 'data.raw'),
    diskRecord: join(stateDir, 'disk.json'),
    documentDisks: {
      policy: join(stateDir, 'policy.disk'),
      settings: join(stateDir, 'settings.disk'),
      registry: join(stateDir, 'registry.disk'),
      publishers: join(stateDir, 'publishers.disk'),
      shares: join(stateDir, 'shares.disk'),
      authority: join(stateDir, 'authority.disk'),
    },
    policyRecords: policyRecordDirectories(facts),
    consoleLog: join(stateDir, 'console.log'),
    controllerLog: join(stateDir, 'controller.log'),
    record: join(stateDir, 'controller.json'),
    lock: join(stateDir, 'lock'),
    sharedRecords: sharedRecordsIn(stateDir),
    runtimeDir,
    dockerSocket: checkSocketPath(join(runtimeDir, 'docker.sock')),
    controllerSocket: checkSocketPath(join(runtimeDir, 'controller.sock')),
    egressSocket: join(runtimeDir, 'egress.sock'),
  };
}

export function sharedRecordsIn(stateDir: string): InstancePaths['sharedRecords'] {
  return { engine: join(stateDir, 'engine-shared.json'), vm: join(stateDir, 'vm-shared.json') };
}

/** Root's; no user can write it, every user reads it. */
const machineRecords = '/var/lib/bulkhead/policies';

/**
 * The same for every instance, whatever it is called and wherever its data and state are. Threat: an old policy under another `--name`,
 * `--data-dir` or XDG_STATE_HOME. (No instance has a name with a dot.)
 */
function policyRecordDirectories({ uid, home }: PathFacts): [string, ...string[]] {
  return uid === 0
    ? [machineRecords]
    : [join(home, '.local', 'state', 'bulkhead', '.policies'), machineRecords];
}

/** Throws `BH_SOCKET_PATH_LONG`: bind(2) would cut the path short or fail without naming it. */
export function checkSocketPath(path: string): string {
  const length = Buffer.byteLength(path);
  if (length <= socketPathLimit) return path;
  throw new BulkheadError('BH_SOCKET_PATH_LONG', { path, length, limit: socketPathLimit });
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
