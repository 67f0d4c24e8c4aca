import type { Exec } from '../../../common/exec.js';
import { type Check, type Finding, ok, warning } from '../check.js';

const plugins = ['compose', 'buildx'] as const;
type Plugin = (typeof plugins)[number];

/** Asked for their own version alone: `docker version` would ask an engine as well. */
const deadlineMs = 10_000;

interface Facts {
  /** Undefined where there is none on PATH. */
  readonly client: string | undefined;
  readonly plugins: Readonly<Partial<Record<Plugin, string>>>;
}

export const dockerClientCheck: Check<Facts> = {
  name: 'docker',
  async gather({ machine }) {
    const client = await versionOf(machine.exec, ['--version']);
    const found: Partial<Record<Plugin, string>> = {};
    for (const plugin of client === undefined ? [] : plugins) {
      const version = await versionOf(machine.exec, [plugin, 'version']);
      if (version !== undefined) found[plugin] = version;
    }
    return { client, plugins: found };
  },
  judge({ client, plugins: found }) {
    if (client === undefined)
      return [
        warning(
          'no Docker client on PATH; other programs can use the socket all the same',
          'Install the package docker-cli (or docker-ce-cli); no engine is needed on this machine.',
        ),
      ];
    const missing = plugins.filter((plugin) => found[plugin] === undefined);
    const versions = plugins.flatMap((plugin) => found[plugin] ?? []);
    const findings: Finding[] = [ok([client, ...versions].join('; '))];
    if (missing.length > 0)
      findings.push(
        warning(
          `${missing.join(' and ')} not found`,
          `Install ${missing.map((plugin) => `docker-${plugin}`).join(' and ')}: \`docker ${missing[0]}\` does not work without.`,
        ),
      );
    return findings;
  },
};

async function versionOf(exec: Exec, args: readonly string[]): Promise<string | undefined> {
  const result = await exec.run('docker', args, { timeoutMs: deadlineMs }).catch(() => undefined);
  const line = result?.stdout.split('\n')[0]?.trim();
  return result?.exitCode === 0 && line !== undefined && line !== '' ? line : undefined;
}
