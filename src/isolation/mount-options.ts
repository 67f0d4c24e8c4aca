/** Options runc turns into mount flags (mount(8), runc's option table), by what they do. */
export const propagationOptions = new Set([
  'private',
  'rprivate',
  'slave',
  'rslave',
  'shared',
  'rshared',
  'unbindable',
  'runbindable',
]);

const flags = new Set([
  ...words('defaults rw ro suid nosuid dev nodev exec noexec sync async dirsync silent loud lazytime'),
  ...words('atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime'),
  ...words('rrw rro rsuid rnosuid rdev rnodev rexec rnoexec'),
  ...propagationOptions,
]);

const bindOptions = new Set(['bind', 'rbind']);

/** Options the file systems themselves take, besides the flags. */
const data: Readonly<Record<string, RegExp>> = {
  proc: /^(hidepid=\w+|subset=pid)$/,
  sysfs: /^$/,
  mqueue: /^$/,
  cgroup: /^$/,
  cgroup2: /^(nsdelegate|memory_recursiveprot)$/,
  devpts: /^(newinstance|(ptmxmode|mode|gid|uid|max)=\d+)$/,
  tmpfs: /^(tmpcopyup|noswap|inode32|inode64|(size|mode|uid|gid|nr_inodes|nr_blocks|huge)=[\w%.]+)$/,
};

/** The file system types a container may mount anew; all of them are confined to its namespaces. */
export function isKnownType(type: string): boolean {
  return Object.hasOwn(data, type);
}

export function isKnownOption(type: string, option: string): boolean {
  return flags.has(option) || (Object.hasOwn(data, type) && data[type]?.test(option) === true);
}

/** For binds the file system's own options mean nothing. */
export function isKnownBindOption(option: string): boolean {
  return flags.has(option) || bindOptions.has(option);
}

function words(text: string): string[] {
  return text.split(' ');
}
