import { defineErrors, ExitCode } from './definition.js';

const ask = 'Use a named volume instead, or ask {contact}.';

/** Refusals of Docker API requests. Where Docker documents a text for the same refusal, its stable core is in ours. */
export const gateErrors = defineErrors({
  BH_GATE_API_VERSION: {
    message:
      'client version {version} is too new. Maximum supported API version is {newest} (rule api-version).',
    remedy:
      'Clients that ask for the version of the engine first, as docker does, need nothing; for others set DOCKER_API_VERSION={newest}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_BODY: {
    message: 'enhanced container isolation: the request is refused by rule request-body, because {reason}.',
    remedy: 'What cannot be read with certainty is refused.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_BUSY: {
    message:
      'The request is refused by rule body-memory, because the requests of {whose} that are under way take {limit} MiB of memory with their JSON bodies.',
    remedy: 'Try again when fewer requests are under way. Docker clients send bodies of some KiB.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_COMMAND: {
    message:
      'enhanced container isolation: docker command "{command}" is blocked; if you wish to allow it, configure the docker socket command list in admin-settings (rule socket-commands).',
    setting: 'enhancedContainerIsolation.dockerSocketMount.commandList, bulkhead.socketRules',
    remedy: 'Ask {contact} if the container needs it.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_CONTAINER_NAME: {
    message:
      'enhanced container isolation: rule joined-networks refuses the name {name}, which is of the form of an id: what was meant for a container that is gone would be for this one.',
    remedy: 'Take a name that is not 64 hexadecimal digits.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_CONTAINER_UNKNOWN: {
    message:
      'No such container: {container}. Rule socket-commands: what a container asks for by its Docker socket is decided on for a container that is there.',
    remedy: 'Make the other container first.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_ENDPOINT: {
    message: "enhanced container isolation: rule endpoints refuses {path}: {what} can't be isolated.",
    remedy: 'Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_ENDPOINT_OPTION: {
    message:
      'enhanced container isolation: rule network-endpoints refuses the option {option} of a container on a network: the engine keeps it for itself, and could not start again with what was asked for.',
    remedy:
      'Of the options whose names begin with com.docker.network, use com.docker.network.endpoint.sysctls and com.docker.network.endpoint.ifname alone.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_HOST_CGROUPS: {
    message:
      "enhanced container isolation: can't share namespaces [cgroup] with the host, because every container is isolated with a Linux user namespace (rule host-namespaces).",
    remedy: 'Leave --cgroupns=host out.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_HTTP: {
    message: 'The request is refused by rule request-form, because {reason}.',
    remedy:
      'Docker clients do not send such requests; what cannot be read with certainty never reaches the engine. Ask {contact} if one of yours does.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_JOINED_NETWORK: {
    message:
      'enhanced container isolation: rule joined-networks refuses to share namespaces with container:{container}, because a name may be that of another container later.',
    remedy: "Give the container's full id, as docker inspect shows it.",
    exitCode: ExitCode.refused,
  },
  BH_GATE_KEPT_MOUNT: {
    message:
      'enhanced container isolation: rule bind-sources refuses this while the engine keeps a record of {kind} {name} that leads to {source}, which nobody could have asked for here: it is of another engine, or was written while this one did not run.',
    remedy: 'Remove it: {command} {name}. Ask {contact} if you did not make it.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_LOG_DRIVER: {
    message:
      'enhanced container isolation: rule log-drivers refuses the log driver {driver}, which could be pointed at sockets of the VM.',
    remedy: 'Use json-file, local or none.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_LOG_FILES: {
    message:
      'enhanced container isolation: rule log-drivers refuses a log of {count} files: the engine would look for each of them, whenever the log is read.',
    remedy: 'Set --log-opt max-file to at most {most}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_LOG_TAG: {
    message:
      'enhanced container isolation: rule log-drivers refuses the log tag {tag}, because a template may only name fields: another could use up the memory of the engine.',
    remedy: 'Use text and fields that Docker documents for log tags, such as {{.Name}} or {{.ImageName}}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_MOUNT: {
    message:
      "enhanced container isolation: can't mount {source} because it's configured as a restricted host mount (rule bind-sources).",
    remedy: ask,
    exitCode: ExitCode.refused,
  },
  BH_GATE_NETWORK: {
    message:
      'enhanced container isolation: rule network-drivers refuses {option}: a network must not lead to other places of the VM.',
    remedy: 'Use the driver bridge, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_NO_CONTAINER: {
    message:
      'No such container: {container}. Rule joined-networks: its namespaces can be joined when it has been made.',
    remedy: 'Make the other container first.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_NO_IMAGE: {
    message: 'No such image: {image}. Rule docker-socket: it is decided on when it is there.',
    remedy: 'Pull or build the image first.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_NOT_SHARED: {
    message:
      'mounts denied: The path {source} is not shared from the host and is not known to Docker. Rule bind-sources: it lies in no directory that is shared with containers.',
    setting: '--share',
    remedy: 'Use a named volume or docker cp instead, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_PRIVILEGED: {
    message:
      'enhanced container isolation: privileged containers are not allowed here, nor privileged processes in one (rule privileged).',
    setting: 'bulkhead.allowPrivileged',
    remedy:
      'Leave --privileged out, or name the capabilities the program needs with --cap-add when the container is made. Ask {contact} if you need it.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_PROCESS_LIST: {
    message:
      'enhanced container isolation: rule process-list refuses the argument {word} of ps, which could show processes of the VM.',
    remedy:
      'Use options of ps that leave the titles of the columns as they are, such as aux or -eo pid,args.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_SHARE_LINK: {
    message:
      "enhanced container isolation: can't mount {source}, because a symbolic link lies on the way (rule bind-sources): whoever writes to a shared directory could lead the engine elsewhere with one.",
    remedy: 'Name the directory or file the link leads to. Inside containers links work as usual.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_SOCKET: {
    message:
      'enhanced container isolation: docker socket mount denied for container with image "{image}"; {because} (rule docker-socket).',
    setting: 'enhancedContainerIsolation.dockerSocketMount.imageList',
    remedy: 'Ask {contact} if the container needs it.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_SOCKET_REACH: {
    message:
      'enhanced container isolation: docker command "{command}" is blocked, because it would give this container the Docker socket of another one, which may ask for more (rule socket-commands).',
    setting: 'enhancedContainerIsolation.dockerSocketMount.commandList, bulkhead.socketRules',
    remedy: 'Ask {contact} if the container needs it.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_SSH_AGENT: {
    message:
      "enhanced container isolation: can't mount {source} because it's configured as a restricted host mount (rule bind-sources): the ssh agent is not passed on to containers.",
    setting: 'bulkhead.sshAgent, --ssh-agent',
    remedy: 'Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_UNKNOWN_ENDPOINT: {
    message:
      'page not found: {method} {path} is not an endpoint of the Docker API this version knows (rule endpoints).',
    remedy: 'What is not known is not passed on to the engine. Ask {contact} for a newer version.',
    exitCode: ExitCode.refused,
  },
  BH_GATE_VOLUME: {
    message:
      'enhanced container isolation: rule volume-options refuses {option}: a volume must not lead to other places of the VM.',
    remedy: ask,
    exitCode: ExitCode.refused,
  },
});
