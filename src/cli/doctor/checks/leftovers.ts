import { dirname, join } from 'node:path';
import { messageOf } from '../../../common/cause.js';
import { inspectInstance } from '../../../vm/controller/inspect.js';
import { readDiskRecord, remainsOf } from '../../../vm/disk/index.js';
import { lockOwner } from '../../../vm/instance/lock.js';
import { listInstances } from '../../../vm/instance/list.js';
import { instancePaths, type InstancePaths } from '../../../vm/instance/paths.js';
import { isRunning } from '../../../vm/instance/process-identity.js';
import { type Check, type Finding, ok, problem, warning } from '../check.js';
import type { Machine } from '../site.js';

interface Leftover {
  readonly name: string;
  /** How its last VM ended, where that was not in order. */
  readonly failure: string | undefined;
  /** Sockets and drafts that nobody uses. */
  readonly files: readonly string[];
  /** Processes of a VM whose controller is gone. */
  readonly processes: readonly number[];
}

interface Facts {
  readonly instances: number;
  readonly leftovers: readonly Leftover[];
}

/** Of every instance of this user, because one that was killed may be one nobody thinks of any more. */
export const leftoversCheck: Check<Facts> = {
  name: 'leftovers',
  async gather({ machine }) {
    const names = await listInstances();
    const leftovers: Leftover[] = [];
    for (const name of names) {
      const left = await leftoverOf(machine, name);
      if (left !== undefined) leftovers.push(left);
    }
    return { instances: names.length, leftovers };
  },
  judge({ instances, leftovers }) {
    const findings = leftovers.flatMap(({ name, failure, files, processes }): Finding[] => {
      const option = name === 'default' ? '' : ` --name ${name}`;
      const up = `\`bulkhead up${option}\` starts it again`;
      if (processes.length > 0)
        return [
          problem(
            `${name}: QEMU (process ${processes.join(', ')}) goes on without its controller and keeps the data disk locked`,
            `\`kill ${processes.join(' ')}\`, then ${up}.`,
          ),
        ];
      const what = files.length === 0 ? '' : `; left over: ${files.join(', ')}`;
      if (failure !== undefined)
        return [warning(`${name}: ${failure}${what}`, `${up}; its data disk was kept.`)];
      return [warning(`${name}: left over: ${files.join(', ')}`, 'The next start takes them away.')];
    });
    return findings.length > 0
      ? findings
      : [ok(`none, of ${instances} instance${instances === 1 ? '' : 's'}`)];
  },
};

async function leftoverOf(machine: Machine, name: string): Promise<Leftover | undefined> {
  const paths = instancePaths(name);
  const found = await inspectInstance(paths);
  if (found.kind === 'running') return undefined;
  const engine = await lockOwner(join(paths.stateDir, 'engine.lock'));
  const native = engine !== undefined && (await isRunning(engine));
  const disk = diskFiles(paths);
  const candidates = [
    paths.dockerSocket,
    paths.controllerSocket,
    ...disk.remains,
    ...(native ? [] : [join(paths.runtimeDir, 'engine', 'docker.sock'), join(paths.stateDir, 'engine.lock')]),
  ];
  const files: string[] = [];
  for (const path of candidates) if ((await machine.facts(path)) !== undefined) files.push(path);
  const processes = await processesOf(machine, disk.files);
  const failure = found.kind === 'failed' ? firstSentence(messageOf(found.error)) : disk.failure;
  if (failure === undefined && files.length === 0 && processes.length === 0) return undefined;
  return { name, failure, files, processes };
}

/** What the reader is to do is said by the finding. */
const firstSentence = (text: string): string => text.split(/\.\s/)[0] ?? text;

/** Where the data disk is or was, and what a move that was interrupted, or the making of a disk, leaves. */
function diskFiles({ dataDisk, diskRecord }: InstancePaths): {
  readonly files: readonly string[];
  readonly remains: readonly string[];
  readonly failure?: string;
} {
  const draft = `${dataDisk}.new`;
  try {
    const record = readDiskRecord(diskRecord);
    const remains = record === undefined ? [] : remainsOf(record);
    return { files: [record?.file ?? dataDisk, ...remains], remains: [draft, ...remains] };
  } catch (error) {
    return { files: [dataDisk], remains: [draft], failure: firstSentence(messageOf(error)) };
  }
}

/** Whose command line names the data disk: QEMU, of which a controller that was killed should have left none. */
async function processesOf(machine: Machine, disks: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await machine.names('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    const command = (await machine.text(`/proc/${pid}/cmdline`)) ?? '';
    const [program = '', ...args] = command.split('\0');
    const names = (arg: string): boolean => disks.some((disk) => arg.includes(disk));
    if (/qemu/.test(program.slice(dirname(program).length)) && args.some(names)) found.push(pid);
  }
  return found;
}
