import type { Exec } from '../common/exec.js';

/** Programs of the engine's root. */
const programs = {
  4: { restore: '/usr/sbin/iptables-restore', list: '/usr/sbin/iptables' },
  6: { restore: '/usr/sbin/ip6tables-restore', list: '/usr/sbin/ip6tables' },
} as const;
/** One call may wait for another program that changes the same table, under TCG for long. */
const options = { env: { PATH: '/usr/sbin:/usr/bin' }, timeoutMs: 60_000 };

/** Adds rules to those there are, in the language of iptables-restore: all or none. */
export async function restoreRules(exec: Exec, lines: readonly string[], family: 4 | 6 = 4): Promise<void> {
  const input = `${lines.join('\n')}\n`;
  const { exitCode, stderr } = await exec.run(programs[family].restore, ['--noflush'], { ...options, input });
  if (exitCode !== 0) throw new Error(`iptables-restore: status ${exitCode}: ${stderr}`);
}

/** What `iptables -t nat …` says; undefined where it does not know what it is asked for. */
export async function askNat(
  exec: Exec,
  words: readonly string[],
  family: 4 | 6 = 4,
): Promise<string | undefined> {
  const { exitCode, stdout } = await exec.run(programs[family].list, ['-t', 'nat', ...words], options);
  return exitCode === 0 ? stdout : undefined;
}
