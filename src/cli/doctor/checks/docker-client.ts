import { join } from 'node:path';
import type { Exec } from '../../../common/exec.js';
import { cacheRoot } from '../../../image/index.js';
import type { Machine } from '../site.js';
import { type Check, type Finding, ok, warning } from '../check.js';

const plugins = ['compose', 'buildx'] as const;
type Plugin = (typeof plugins)[number];

/** Asked for their own version alone: `docker version` would ask an engine as well. */
const deadlineMs = 10_000;

interface Facts {
  /** Undefined where there is none on PATH. */
  readonly client: string | undefined;
  readonly plugins: Readonly<Partial<Record<Plugin, string>>>;
  /** Files `make setup` has unpacked of what is missing (`scripts/setup.sh`), where docker looks for none of them. */
  readonly unpacked: readonly string[];
}

export const dockerClientCheck: Check<Facts> = {
  name: 'docker',
  async gather({ machine, env }) {
    const client = await versionOf(machine.exec, ['--version']);
    const found: Partial<Record<Plugin, string>> = {};
    for (const plugin of client === undefined ? [] : plugins) {
      const version = await versionOf(machine.exec, [plugin, 'version']);
      if (version !== undefined) found[plugin] = version;
    }
    const tools = join(cacheRoot(env), 'tools');
    const wanted =
      client === undefined
        ? [join(tools, 'bin/docker')]
        : plugins
            .filter((plugin) => found[plugin] === undefined)
            .map((plugin) => join(tools, `cli-plugins/docker-${plugin}`));
    return { client, plugins: found, unpacked: await filesOf(machine, wanted) };
  },
  judge({ client, plugins: found, unpacked }) {
    if (client === undefined)
      return [
        warning(
          'no Docker client on PATH; other programs can use the socket all the same',
          unpacked.length === 0
            ? 'Install the package docker-cli (or docker-ce-cli); no engine is needed on this machine.'
            : // Copied: a link to a file of this user would have root and everybody else run what this user puts there.
              `There is one already: \`sudo install ${unpacked.join(' ')} /usr/local/bin/\`.`,
        ),
      ];
    const missing = plugins.filter((plugin) => found[plugin] === undefined);
    const versions = plugins.flatMap((plugin) => found[plugin] ?? []);
    const findings: Finding[] = [ok([client, ...versions].join('; '))];
    if (missing.length > 0)
      findings.push(
        warning(
          `${missing.join(' and ')} not found`,
          unpacked.length < missing.length
            ? `Install ${missing.map((plugin) => `docker-${plugin}`).join(' and ')}: \`docker ${missing[0]}\` does not work without.`
            : `They are here already, and docker has to find them: \`mkdir -p ~/.docker/cli-plugins && ln -s ${unpacked.join(' ')} ~/.docker/cli-plugins/\`.`,
        ),
      );
    return findings;
  },
};

async function filesOf(machine: Machine, paths: readonly string[]): Promise<readonly string[]> {
  const facts = await Promise.all(paths.map(async (path) => machine.facts(path)));
  return paths.filter((_, at) => facts[at]?.kind === 'file');
}

async function versionOf(exec: Exec, args: readonly string[]): Promise<string | undefined> {
  const result = await exec.run('docker', args, { timeoutMs: deadlineMs }).catch(() => undefined);
  const line = result?.stdout.split('\n')[0]?.trim();
  return result?.exitCode === 0 && line !== undefined && line !== '' ? line : undefined;
}
