import { type Check, type Finding, ok, problem, warning } from '../check.js';
import type { FileFacts } from '../site.js';

/** What every program of this machine relies on; a stray `docker import` or tar as root can change them. */
const directories = ['/tmp', '/var/tmp'] as const;
const nullDevice = '/dev/null';

interface Facts {
  readonly directories: readonly { readonly path: string; readonly facts: FileFacts | undefined }[];
  readonly nullDevice: FileFacts | undefined;
}

export const temporaryCheck: Check<Facts> = {
  name: 'temporary',
  gather: async ({ machine }) => ({
    directories: await Promise.all(
      directories.map(async (path) => ({ path, facts: await machine.facts(path) })),
    ),
    nullDevice: await machine.facts(nullDevice),
  }),
  judge(facts) {
    const findings = facts.directories.flatMap(({ path, facts: found }) => directoryFindings(path, found));
    const { nullDevice: device } = facts;
    if (device?.kind !== 'device' || device.uid !== 0 || (device.mode & 0o666) !== 0o666)
      findings.push(
        problem(
          `${nullDevice} is not the device it should be`,
          `As root: \`rm -f ${nullDevice} && mknod -m 666 ${nullDevice} c 1 3\`.`,
        ),
      );
    return findings.length > 0
      ? findings
      : [ok(`${directories.join(', ')} and ${nullDevice} are as they should be`)];
  },
};

function directoryFindings(path: string, facts: FileFacts | undefined): Finding[] {
  const mend = `As root: \`chown root: ${path} && chmod 1777 ${path}\`.`;
  if (facts === undefined) return [problem(`${path} is missing`, `As root: \`mkdir -m 1777 ${path}\`.`)];
  // A link, as on macOS, leads to a directory whose modes are the system's own business.
  if (facts.kind !== 'directory') return [];
  const { mode } = facts;
  if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0)
    return [
      problem(
        `${path} lets every user remove the files of others (mode ${mode.toString(8)}, no sticky bit)`,
        mend,
      ),
    ];
  if (facts.uid !== 0)
    return [warning(`${path} belongs to user ${facts.uid}, who can take away what is in it`, mend)];
  if ((mode & 0o007) !== 0o007)
    return [warning(`${path} is closed to other users (mode ${mode.toString(8)})`, mend)];
  return [];
}
