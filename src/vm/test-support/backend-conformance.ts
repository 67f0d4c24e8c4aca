import { expect, test } from 'vitest';
import { readLines } from '../../common/line-reader.js';
import type { Vm, VmBackend, VmExit } from '../backend.js';

/** What a backend's own test supplies: a guest that can be told what to do. */
export interface ConformanceGuest {
  readonly backend: VmBackend;
  /** Starts a VM on it. */
  start(): Promise<Vm>;
  /** Makes the guest write a line to its phase port. */
  say(vm: Vm, line: string): Promise<void>;
  /** Makes the guest open or close its control port. */
  openControlPort(vm: Vm, open: boolean): Promise<void>;
  /** Makes the guest end in that way. */
  end(vm: Vm, exit: 'guest-shutdown' | 'guest-reset'): Promise<void>;
}

/** What the controller relies on. Every backend passes the same tests, so that a second one changes nothing above it. */
export function testBackendConformance(name: string, guest: ConformanceGuest): void {
  const { signal } = new AbortController();

  test(`${name}: names an accelerator it is capable of`, async () => {
    const host = await guest.backend.probe(signal);
    expect(guest.backend.capabilities.accelerators).toContain(host.accelerator);
    expect(host.description).not.toBe('');
  });

  test(`${name}: an aborted probe rejects`, async () => {
    await expect(guest.backend.probe(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  test(`${name}: phase lines arrive, and all before \`exited\` with the port's end`, async () => {
    const vm = await guest.start();
    const lines: string[] = [];
    const heard = readLines(vm.phasePort, (line) => lines.push(line));
    await guest.say(vm, 'one');
    await guest.say(vm, 'two');
    await guest.end(vm, 'guest-shutdown');
    await Promise.all([vm.exited, heard]);
    expect(lines).toEqual(['one', 'two']);
  });

  test.each(['guest-shutdown', 'guest-reset'] as const)(`${name}: %s is told`, async (kind) => {
    const vm = await guest.start();
    vm.phasePort.resume();
    await guest.end(vm, kind);
    expect(await vm.exited).toEqual<VmExit>({ kind });
  });

  test(`${name}: destroy ends it, also twice, and is not mistaken for the guest's doing`, async () => {
    const vm = await guest.start();
    vm.phasePort.resume();
    const exits = await Promise.all([vm.destroy(), vm.destroy(), vm.exited]);
    expect(exits.map(({ kind }) => kind)).toEqual(['host-quit', 'host-quit', 'host-quit']);
    expect((await vm.destroy()).kind).toBe('host-quit');
  });

  test(`${name}: the control port's state is told at once, then at each change`, async () => {
    const vm = await guest.start();
    const states: boolean[] = [];
    let notify: (() => void) | undefined;
    const count = (wanted: number) =>
      new Promise<void>((resolve) => {
        notify = () => states.length >= wanted && resolve();
        notify();
      });
    const stop = vm.onControlPort((open) => {
      states.push(open);
      notify?.();
    });
    await guest.openControlPort(vm, true);
    await count(2);
    await guest.openControlPort(vm, false);
    await count(3);
    stop();
    expect(states).toEqual([false, true, false]);
    await vm.destroy();
  });
}
