import type { ListedCommand } from '../../common/docker-commands.js';
import type { OperationId } from '../operations.js';

/** An operation as lists of commands count them. */
export type CommandOperation =
  | Exclude<OperationId, 'ImageCreate'>
  | 'ImagePull'
  | 'ImageImport'
  | 'ContainerForceDelete';

/**
 * What one command is to the engine's API. The ids are the operationIds of Docker's API description; `ImageCreate` counts as `ImagePull` or
 * `ImageImport`, whichever its query asks for, and `ContainerDelete` as `ContainerForceDelete` besides where it kills first.
 */
export interface CommandOperations {
  /** The command's own: a list of denied commands denies them with it, whoever else needs them, and a list of allowed ones allows them. */
  readonly denies: readonly CommandOperation[];
  /** What a list of denied commands denies with it besides: others whose effect is the same, or holds it. Threat: the work is done by way of them. */
  readonly alike?: readonly CommandOperation[];
  /** What a list of allowed commands allows with it, beyond `denies`: what the Docker CLI asks for besides. */
  readonly needs?: readonly CommandOperation[];
}

/** Who asks whether an engine is there learns nothing else. Never denied. */
export const alwaysAllowed: readonly CommandOperation[] = ['SystemPing', 'SystemPingHead', 'Options'];

/** In no list, because the gate serves nobody with them. */
export const neverServed: readonly CommandOperation[] = [
  'DebugCommandLine',
  'DebugNamedProfile',
  'DebugProfile',
  'DebugProfiles',
  'DebugSymbol',
  'DebugTrace',
  'DebugVars',
];

const build: readonly CommandOperation[] = ['ImageBuild', 'BuildCancel', 'Session', 'Grpc'];
const swarm: readonly CommandOperation[] = [
  'SwarmInit',
  'SwarmInspect',
  'SwarmJoin',
  'SwarmLeave',
  'SwarmUnlock',
  'SwarmUnlockkey',
  'SwarmUpdate',
];
const nodes: readonly CommandOperation[] = ['NodeDelete', 'NodeInspect', 'NodeList', 'NodeUpdate'];
const services: readonly CommandOperation[] = [
  'ServiceCreate',
  'ServiceDelete',
  'ServiceInspect',
  'ServiceList',
  'ServiceLogs',
  'ServiceUpdate',
  'TaskInspect',
  'TaskList',
  'TaskLogs',
];
const secrets: readonly CommandOperation[] = [
  'SecretCreate',
  'SecretDelete',
  'SecretInspect',
  'SecretList',
  'SecretUpdate',
];
const configs: readonly CommandOperation[] = [
  'ConfigCreate',
  'ConfigDelete',
  'ConfigInspect',
  'ConfigList',
  'ConfigUpdate',
];
const checkpoints: readonly CommandOperation[] = ['CheckpointCreate', 'CheckpointDelete', 'CheckpointList'];
const plugins: readonly CommandOperation[] = [
  'GetPluginPrivileges',
  'PluginCreate',
  'PluginDelete',
  'PluginDisable',
  'PluginEnable',
  'PluginInspect',
  'PluginList',
  'PluginPull',
  'PluginPush',
  'PluginSet',
  'PluginUpgrade',
];
const attach: readonly CommandOperation[] = ['ContainerAttach', 'ContainerAttachWebsocket'];
const exec: readonly CommandOperation[] = ['ContainerExec', 'ExecStart'];
const copy: readonly CommandOperation[] = ['ContainerArchive', 'ContainerArchiveInfo', 'PutContainerArchive'];
const containers: readonly CommandOperation[] = [
  ...attach,
  ...exec,
  ...copy,
  'ContainerChanges',
  'ContainerCreate',
  'ContainerDelete',
  'ContainerExport',
  'ContainerForceDelete',
  'ContainerInspect',
  'ContainerKill',
  'ContainerList',
  'ContainerLogs',
  'ContainerPause',
  'ContainerPrune',
  'ContainerRename',
  'ContainerResize',
  'ContainerRestart',
  'ContainerStart',
  'ContainerStats',
  'ContainerStop',
  'ContainerTop',
  'ContainerUnpause',
  'ContainerUpdate',
  'ContainerWait',
  'ExecInspect',
  'ExecResize',
  'ImageCommit',
];
const images: readonly CommandOperation[] = [
  'DistributionInspect',
  'ImageBuild',
  'ImageDelete',
  'ImageGet',
  'ImageGetAll',
  'ImageHistory',
  'ImageImport',
  'ImageInspect',
  'ImageList',
  'ImageLoad',
  'ImagePrune',
  'ImagePull',
  'ImagePush',
  'ImageSearch',
  'ImageTag',
];
/** `docker image build` is a session with BuildKit, by which images are pulled, made, tagged and pushed as well. */
const imagesAndBuild: readonly CommandOperation[] = [...images, ...build];
const networks: readonly CommandOperation[] = [
  'NetworkConnect',
  'NetworkCreate',
  'NetworkDelete',
  'NetworkDisconnect',
  'NetworkInspect',
  'NetworkList',
  'NetworkPrune',
];
const volumes: readonly CommandOperation[] = [
  'VolumeCreate',
  'VolumeDelete',
  'VolumeInspect',
  'VolumeList',
  'VolumePrune',
  'VolumeUpdate',
];
const system: readonly CommandOperation[] = [
  'SystemAuth',
  'SystemDataUsage',
  'SystemEvents',
  'SystemInfo',
  'SystemVersion',
];
const prunes: readonly CommandOperation[] = [
  'BuildPrune',
  'ContainerPrune',
  'ImagePrune',
  'NetworkPrune',
  'VolumePrune',
];
const builder: CommandOperations = { denies: [...build, 'BuildPrune'] };
const run: CommandOperations = {
  denies: ['ContainerCreate'],
  needs: ['ContainerStart', 'ContainerAttach', 'ContainerWait', 'ContainerResize'],
};
/** It lists every container, image and volume with all that their own lists have. */
const everyList: readonly CommandOperation[] = ['SystemDataUsage'];
const nothing: CommandOperations = { denies: [] };

/**
 * Which operations of the engine's API stand behind each name a `commandList` may hold. An operation that several commands use is denied by
 * each of them, because nothing in a request says which command it comes from.
 */
export const commandTable: Readonly<Record<ListedCommand, CommandOperations>> = {
  attach: { denies: attach, needs: ['ContainerInspect', 'ContainerResize', 'ContainerWait'] },
  build: { denies: build },
  builder,
  buildx: builder,
  checkpoint: { denies: checkpoints },
  commit: { denies: ['ImageCommit'] },
  config: { denies: configs },
  container: { denies: containers, alike: everyList },
  cp: { denies: copy, alike: ['ContainerExport'] },
  create: { denies: ['ContainerCreate'] },
  diff: { denies: ['ContainerChanges'] },
  events: { denies: ['SystemEvents'] },
  exec: { denies: exec, needs: ['ContainerInspect', 'ExecInspect', 'ExecResize'] },
  export: { denies: ['ContainerExport'], alike: ['ContainerArchive'] },
  history: { denies: ['ImageHistory'] },
  image: { denies: imagesAndBuild, alike: everyList },
  images: { denies: ['ImageList'], alike: everyList },
  import: { denies: ['ImageImport'] },
  info: { denies: ['SystemInfo'] },
  inspect: {
    denies: ['ContainerInspect', 'ImageInspect', 'NetworkInspect', 'VolumeInspect', 'ExecInspect'],
    needs: [
      'ConfigInspect',
      'NodeInspect',
      'PluginInspect',
      'SecretInspect',
      'ServiceInspect',
      'TaskInspect',
    ],
  },
  kill: { denies: ['ContainerKill'], alike: ['ContainerForceDelete'] },
  load: { denies: ['ImageLoad'] },
  login: { denies: ['SystemAuth'], needs: ['SystemInfo'] },
  logs: { denies: ['ContainerLogs'], needs: ['ContainerInspect'] },
  manifest: { denies: ['DistributionInspect'], needs: ['SystemInfo'] },
  network: { denies: networks },
  node: { denies: nodes },
  pause: { denies: ['ContainerPause'] },
  plugin: { denies: plugins },
  plugins: { denies: plugins },
  port: { denies: ['ContainerInspect'] },
  ps: { denies: ['ContainerList'], alike: everyList },
  pull: { denies: ['ImagePull'], needs: ['SystemInfo'] },
  push: { denies: ['ImagePush'], needs: ['SystemInfo'] },
  rename: { denies: ['ContainerRename'] },
  restart: { denies: ['ContainerRestart'] },
  rm: { denies: ['ContainerDelete', 'ContainerForceDelete'], alike: ['ContainerPrune'] },
  rmi: { denies: ['ImageDelete'], alike: ['ImagePrune'] },
  run,
  save: { denies: ['ImageGet', 'ImageGetAll'] },
  search: { denies: ['ImageSearch'], needs: ['SystemInfo'] },
  secret: { denies: secrets },
  service: { denies: services },
  stack: {
    denies: [...services, ...secrets, ...configs],
    needs: ['NetworkCreate', 'NetworkDelete', 'NetworkInspect', 'NetworkList'],
  },
  start: {
    denies: ['ContainerStart'],
    alike: ['ContainerRestart'],
    needs: ['ContainerInspect', 'ContainerAttach', 'ContainerWait', 'ContainerResize'],
  },
  stats: { denies: ['ContainerStats'], needs: ['ContainerList', 'SystemEvents'] },
  stop: { denies: ['ContainerStop'], alike: ['ContainerKill', 'ContainerForceDelete'] },
  swarm: { denies: swarm },
  system: { denies: [...system, ...prunes] },
  tag: { denies: ['ImageTag'] },
  top: { denies: ['ContainerTop'] },
  unpause: { denies: ['ContainerUnpause'] },
  update: { denies: ['ContainerUpdate'] },
  version: { denies: ['SystemVersion'] },
  volume: { denies: volumes, alike: everyList },
  wait: { denies: ['ContainerWait'] },

  'build*': builder,
  'container*': { denies: containers, alike: everyList },
  'image*': { denies: imagesAndBuild, alike: everyList },
  'network*': { denies: networks },
  'system*': { denies: [...system, ...prunes] },
  'volume*': { denies: volumes, alike: everyList },

  compose: nothing,
  context: nothing,
  debug: nothing,
  desktop: nothing,
  dev: nothing,
  extension: nothing,
  feedback: nothing,
  init: nothing,
  logout: nothing,
  mcp: nothing,
  model: nothing,
  offload: nothing,
  sandbox: nothing,
  sbom: nothing,
  scan: nothing,
  scout: nothing,
  trust: nothing,
};

/** Every operation that belongs to a command, in no order. */
export const commandOperations: ReadonlySet<CommandOperation> = new Set(
  Object.values(commandTable).flatMap(({ denies, needs = [] }) => [...denies, ...needs]),
);
