/** What the entry program is told; see `enter.c`. */
export interface EntryOptions {
  /** `root.erofs` of an image, or a directory that holds the same tree. */
  readonly root: string;
  readonly dataDir: string;
  readonly hostDir: string;
  readonly name: string;
  /** Descriptor, inherited by PID 1, on which phases arrive. */
  readonly phaseFd: number;
}

/** Argument vector of the entry program. The cgroup bears the instance's name, so two engines do not meet. */
export function entryArguments(options: EntryOptions): string[] {
  return [
    '--root',
    options.root,
    '--data',
    options.dataDir,
    '--host-dir',
    options.hostDir,
    '--cgroup',
    `bulkhead-${options.name}`,
    '--phase-fd',
    String(options.phaseFd),
  ];
}
