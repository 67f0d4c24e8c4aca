import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Docker CLI of this machine, or the one `make setup` unpacked, with the environment that finds its build plug-in. */
export interface DockerClient {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bulkhead', 'tools');

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Throws when there is no client at all. `dockerHost` is a `unix://` address. */
export function findDockerClient(dockerHost: string): DockerClient {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), join(tools, 'bin')];
  const file = places.map((place) => join(place, 'docker')).find(executable);
  if (file === undefined) throw new Error('no Docker client; run `make setup`');
  const env: NodeJS.ProcessEnv = { ...process.env, DOCKER_HOST: dockerHost };
  delete env['DOCKER_CONTEXT'];
  if (!hasBuildPlugin(file)) {
    const config = mkdtempSync(join(tmpdir(), 'bulkhead-docker-'));
    writeFileSync(
      join(config, 'config.json'),
      JSON.stringify({ cliPluginsExtraDirs: [join(tools, 'cli-plugins')] }),
    );
    env['DOCKER_CONFIG'] = config;
  }
  return { file, env };
}

function hasBuildPlugin(file: string): boolean {
  try {
    execFileSync(file, ['buildx', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
