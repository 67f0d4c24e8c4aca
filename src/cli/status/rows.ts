import { portsText } from '../output/ports-text.js';
import { policyText } from '../output/policy-text.js';
import { sizeText } from '../output/size-text.js';
import { signInText } from '../output/sign-in-text.js';
import { durationText } from '../output/duration-text.js';
import { seconds } from '../output/step-text.js';
import type { GuestFacts } from '../../vm/controller/guest-facts.js';
import type { ControllerStatus } from '../../vm/controller/status.js';
import type { HostFacts } from './host-facts.js';

export interface RowFacts {
  readonly now: number;
  readonly guest: GuestFacts;
  /** Undefined in native mode. */
  readonly vm: ControllerStatus | undefined;
  readonly host: HostFacts | undefined;
}

/** One line of `bulkhead status`, what it says being pure; empty text is left out, so a row is told only where there is something to tell. */
export interface StatusRow {
  readonly name: string;
  text(facts: RowFacts): string;
}

const join = (...parts: readonly (string | false | null | undefined)[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(', ');

/** A VM's before what is the same in native mode. A new part of the product adds its row here. */
export const vmRows: readonly StatusRow[] = [
  {
    name: 'state',
    text: ({ vm, now }) => {
      if (vm === undefined) return '';
      const phase = vm.state === 'booting' ? ` (${vm.phases.at(-1)?.phase ?? 'kernel not seen yet'})` : '';
      const since = vm.stateSince ?? vm.startedAt;
      return join(
        `${vm.state}${phase} for ${durationText(now - Date.parse(since))}`,
        `since ${since}`,
        vm.readyAfterMs !== null && `booted in ${seconds(vm.readyAfterMs)}`,
      );
    },
  },
  {
    name: 'vm',
    text: ({ vm }) =>
      join(
        vm?.backend,
        vm?.accelerator === 'tcg' ? 'tcg (software emulation)' : vm?.accelerator,
        vm?.cpus !== undefined && vm.cpus !== null && `${vm.cpus} processors`,
      ),
  },
  { name: 'docker', text: ({ vm }) => vm?.dockerHost ?? '' },
  { name: 'network', text: ({ vm }) => vm?.network ?? '' },
  { name: 'ports', text: ({ vm }) => portsText(vm?.ports ?? []) },
  {
    name: 'shares',
    text: ({ vm }) =>
      join(...(vm?.shares ?? []).map(({ path, readOnly }) => (readOnly ? `${path} (read-only)` : path))),
  },
  {
    name: 'ssh agent',
    text: ({ vm }) => (vm?.sshAgent === true ? 'containers may ask it for keys and signatures' : ''),
  },
];

export const engineRows: readonly StatusRow[] = [
  {
    name: 'engine',
    text: ({ guest: { engine, services } }) => {
      if (engine === null) return '';
      const states = Object.entries(services ?? {}).map(([name, { state }]) => `${name} ${state}`);
      return join(engine.ready ? 'ready' : 'not ready', ...states);
    },
  },
  {
    name: 'isolation',
    text: ({ guest: { isolation } }) =>
      isolation === null ? '' : `a user namespace for each container, ${isolation.rangesInUse} in use`,
  },
  {
    name: 'policy',
    text: ({ guest: { policy }, vm, now }) =>
      join(vm?.policy?.file, policy === null ? '' : policyText(policy, now)),
  },
  { name: 'signed in', text: ({ guest: { signIn } }) => signInText(signIn) },
];

export const resourceRows: readonly StatusRow[] = [
  {
    name: 'disk',
    text: ({ guest: { dataDisk: inside }, host }) => {
      const outside = host?.dataDisk ?? undefined;
      return join(
        inside !== null && `${sizeText(inside.usedBytes)} used of ${sizeText(inside.totalBytes)}`,
        outside !== undefined &&
          `its file takes ${sizeText(outside.takenBytes)} of at most ${sizeText(outside.sizeBytes)}, beside it ${sizeText(outside.freeBytes)} are free`,
      );
    },
  },
  {
    name: 'memory',
    text: ({ guest: { memory }, vm, host }) =>
      vm === undefined
        ? ''
        : join(
            memory !== null &&
              memory.totalBytes !== null &&
              memory.availableBytes !== null &&
              `${sizeText(memory.totalBytes - memory.availableBytes)} used of ${sizeText(memory.totalBytes)}`,
            memory === null && vm.memoryMiB !== null && `${vm.memoryMiB} MiB`,
            host?.vmResidentBytes !== undefined &&
              host.vmResidentBytes !== null &&
              `the VM's process takes ${sizeText(host.vmResidentBytes)} of this machine`,
          ),
  },
];

export const placeRows: readonly StatusRow[] = [
  { name: 'image', text: ({ vm }) => vm?.image ?? '' },
  { name: 'root hash', text: ({ vm }) => vm?.rootHash ?? '' },
  { name: 'data disk', text: ({ vm }) => vm?.dataDisk ?? '' },
  { name: 'console', text: ({ vm }) => vm?.consoleLog ?? '' },
  {
    name: 'processes',
    text: ({ vm }) =>
      vm === undefined ? '' : join(`controller ${vm.pid}`, vm.vmPid !== null && `VM ${vm.vmPid}`),
  },
  { name: 'note', text: ({ vm }) => vm?.note ?? '' },
];

/** One screen: warnings, then what there is to say. */
export function statusText(
  name: string,
  warnings: readonly string[],
  rows: readonly StatusRow[],
  facts: RowFacts,
): string {
  const shown = rows.flatMap((row) => {
    const text = plain(row.text(facts));
    return text === '' ? [] : [`  ${row.name.padEnd(10)} ${text}`];
  });
  return `${[name, ...warnings.map((text) => `  WARNING    ${text}`), ...shown].join('\n')}\n`;
}

/** What the guest says is not to act on the terminal; nor is anything cut, because rows have paths. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
