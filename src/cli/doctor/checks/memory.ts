import { vmShape } from '../../../policy/index.js';
import { inspectInstance } from '../../../vm/controller/inspect.js';
import { instancePaths } from '../../../vm/instance/paths.js';
import { settingsInUse } from '../../settings-in-use.js';
import { sizeText } from '../../output/size-text.js';
import { type Check, ok, problem, warning } from '../check.js';

const mebibyte = 1024 ** 2;
const setting = 'bulkhead.memoryMiB';

interface Facts {
  /** Bytes; undefined where the machine does not say. */
  readonly total: number | undefined;
  readonly available: number | undefined;
  /** Of the VM, as the settings in force have it. */
  readonly wantedMiB: number;
  /** A VM that runs has its memory already. */
  readonly running: boolean;
}

export const memoryCheck: Check<Facts> = {
  name: 'memory',
  async gather({ machine, name, env, policy }) {
    const text = (await machine.text('/proc/meminfo')) ?? '';
    const found = await inspectInstance(instancePaths(name));
    // Settings that cannot be read are told by the checks of policy and settings.
    const inUse = await settingsInUse(env, policy).catch(() => undefined);
    return {
      total: valueOf(text, 'MemTotal'),
      available: valueOf(text, 'MemAvailable'),
      wantedMiB: inUse?.effective[setting].value ?? vmShape.memoryMiB.builtIn,
      running: found.kind === 'running',
    };
  },
  judge({ total, available, wantedMiB, running }) {
    if (total === undefined || available === undefined)
      return [ok('this machine does not say how much it has')];
    const wanted = wantedMiB * mebibyte;
    const has = `${sizeText(available)} of ${sizeText(total)} available`;
    const cure = `Give the VM less (\`bulkhead settings set ${setting} N\`, or \`up --memory N\`), or end other programs.`;
    if (total < wanted) return [problem(`${has}; the VM is to have ${wantedMiB} MiB`, cure)];
    if (!running && available < wanted)
      return [warning(`${has}; the VM may take up to ${wantedMiB} MiB`, cure)];
    return [ok(`${has}; the VM has ${wantedMiB} MiB`)];
  },
};

/** Of a line of proc_meminfo(5), in kB there. */
function valueOf(text: string, name: string): number | undefined {
  const kilobytes = new RegExp(String.raw`^${name}:\s+(\d+) kB$`, 'm').exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
