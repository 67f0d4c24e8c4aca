import { defineErrors, ExitCode } from './definition.js';

/** A user's own settings, and where the organization's stand in their way. */
export const settingsErrors = defineErrors({
  BH_ENGINE_OPTIONS: {
    message: 'dockerd does not start with linuxVM.dockerDaemonOptions: {reason}.',
    remedy:
      'The engine was not started. `bulkhead settings get linuxVM.dockerDaemonOptions` shows them and `bulkhead policy show` whose they are: set others, or ask who wrote the policy.',
    setting: 'linuxVM.dockerDaemonOptions',
    exitCode: ExitCode.badData,
  },
  BH_SETTING_ADMINISTRATORS: {
    message: 'The setting {name} is not for users: it stands in the policy of the organization, or nowhere.',
    remedy: 'Ask {contact}. `bulkhead settings list` shows what you may set. Nothing was changed.',
    setting: '{name}',
    exitCode: ExitCode.refused,
  },
  BH_SETTING_LOCKED: {
    message:
      'The setting {name} is locked by your organization: {file} decides it, and its value is {value}.',
    remedy: 'Ask {contact} if you need another value. Nothing was changed.',
    setting: '{name}',
    exitCode: ExitCode.refused,
  },
  BH_SETTING_UNKNOWN: {
    message: 'No setting has the name {name}.{near}',
    remedy: '`bulkhead settings list` shows all there are. Nothing was changed.',
    exitCode: ExitCode.usage,
  },
  BH_SETTING_VALUE: {
    message: '{value} is no value of the setting {name}: {reason}.',
    remedy: 'Nothing was changed.',
    exitCode: ExitCode.usage,
  },
  BH_SETTINGS_FILE: {
    message: 'Your settings {file} cannot be read: {reason}.',
    remedy: 'Nothing was changed.',
    exitCode: ExitCode.unavailable,
  },
  BH_SETTINGS_INVALID: {
    message: '{file}:{line}:{column}: {key}: {reason}.',
    remedy: 'Correct your settings there, or remove the file. Nothing was changed, and what runs goes on.',
    exitCode: ExitCode.badData,
  },
  BH_TCP_BROWSER: {
    message:
      'The request is refused by rule browser-requests, because {reason}: a page in a browser could have sent it (DNS rebinding).',
    setting: 'exposeDockerAPIOnTCP2375',
    remedy: 'Use the Docker CLI or another client, with tcp://localhost:2375 or tcp://127.0.0.1:2375.',
    exitCode: ExitCode.refused,
  },
  BH_TCP_FULL: {
    message:
      'The connection is refused by rule docker-api-connections, because the Docker API on TCP has {limit} connections open, and no more at one time.',
    setting: 'exposeDockerAPIOnTCP2375',
    remedy:
      'End some that are yours (each `docker logs -f`, `attach` and `events` is one), or use the socket of the instance, for which they do not count. Every user of the machine can connect to the port: if they are not yours, ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_TCP_PORT: {
    message: 'The Docker API cannot be offered on {address}, port {port}: {reason}.',
    setting: 'exposeDockerAPIOnTCP2375',
    remedy: 'End what listens there, or switch the setting off. Nothing was started.',
    exitCode: ExitCode.unavailable,
  },
  BH_SETTINGS_NOT_WRITTEN: {
    message: 'Your settings {file} could not be written: {reason}.',
    remedy: 'What was there before is still there.',
    exitCode: ExitCode.unavailable,
  },
});
