import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Docker CLI of this machine, or the one `make setup` unpacked, with the environment that finds its plug-ins. */
export interface DockerClient {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

function toolsDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'bulkhead', 'tools');
}

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
  const tools = toolsDirectory();
  const places = [...(process.env['PATH'] ?? '').split(delimiter), join(tools, 'bin')];
  const file = places.map((place) => join(place, 'docker')).find(executable);
  if (file === undefined) throw new Error('no Docker client; run `make setup`');
  const env: NodeJS.ProcessEnv = { ...process.env, DOCKER_HOST: dockerHost };
  delete env['DOCKER_CONTEXT'];
  if (!['buildx', 'compose'].every((plugin) => hasPlugin(file, plugin)))
    env['DOCKER_CONFIG'] = configurationWithPlugins(tools);
  return { file, env };
}

/** A configuration directory that leads to the unpacked plug-ins, the same for all: they keep their own state there, too. */
function configurationWithPlugins(tools: string): string {
  const directory = join(tools, 'docker-config');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Another process may be reading it: it sees the whole file, whichever of us wrote it.
  const draft = join(directory, `.config.json.${process.pid}`);
  writeFileSync(draft, JSON.stringify({ cliPluginsExtraDirs: [join(tools, 'cli-plugins')] }));
  renameSync(draft, join(directory, 'config.json'));
  return directory;
}

function hasPlugin(file: string, plugin: string): boolean {
  try {
    execFileSync(file, [plugin, 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
