import type { Exec } from '../../common/exec.js';
import type { Manifest } from '../../image/index.js';
import type { CliContext } from '../context.js';

/** A file as lstat(2) tells of it. */
export interface FileFacts {
  readonly kind: 'directory' | 'file' | 'socket' | 'device' | 'other';
  /** Permission bits, `0o1777` of /tmp. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes it says it has, and bytes it takes on its disk. */
  readonly size: number;
  readonly taken: number;
}

/** What doctor asks of the machine; none of it changes anything. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** -1 where there are no user ids. */
  readonly uid: number;
  readonly nodeVersion: string;
  readonly exec: Exec;
  now(): number;
  /** Undefined where there is nothing, or nothing that may be read. */
  text(path: string): Promise<string | undefined>;
  facts(path: string): Promise<FileFacts | undefined>;
  /** Sorted; none where it cannot be read. */
  names(directory: string): Promise<readonly string[]>;
  /** Opens it for reading and writing and closes it again: undefined where that works, else the system's name of the error, `EACCES`. */
  openFailure(path: string): Promise<string | undefined>;
  /** Bytes a file may still take, of the file system that holds the path or its nearest parent that exists. */
  freeBytes(path: string): Promise<number>;
}

export interface FoundImage {
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Where doctor looks: this machine, and the instance it was asked about. */
export interface Site {
  readonly machine: Machine;
  readonly name: string;
  readonly env: CliContext['env'];
  readonly projectDir: string;
  readonly signal: AbortSignal;
  /** As named on the command line or by BULKHEAD_POLICY. */
  readonly policy: string | undefined;
  /** The image `up` would boot, every byte checked; rejects with what `up` would say. Looked for once. */
  image(): Promise<FoundImage>;
}
