import { expect, test } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import type { Exec } from '../../common/exec.js';
import { additions, foundation, type GuestForward, replacement } from './forward-rules.js';
import { ForwardTable } from './forward-table.js';

const side = { interface: 'eth0', gateway: '192.168.65.1' };
const log = { warn: () => undefined };
const forward = (guestPort: number): GuestForward => ({
  protocol: 'tcp',
  guestPort,
  containerAddress: '172.17.0.2',
  containerPort: 80,
});
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** A firewall that takes what it is told, each call when it is let. @param left the chain of an earlier bulkheadd. */
function firewall(left?: string) {
  const told: string[] = [];
  const state = { exitCode: 0 };
  const exec: Exec = {
    run: async (_file, [first = ''], { input = '' } = {}) => {
      if (first === '-t') return { stdout: left ?? '', stderr: '', exitCode: left === undefined ? 1 : 0 };
      told.push(input);
      await new Promise(setImmediate);
      return { stdout: '', stderr: 'it is full', exitCode: state.exitCode };
    },
  };
  const clock = new ManualClock();
  return { told, state, clock, table: new ForwardTable(side, { exec, clock, log }) };
}

test('the foundation is laid once, and changes that come together are made together', async () => {
  const { told, table } = firewall();
  await Promise.all([table.open(), table.open()]);
  const first = table.add(forward(1));
  await Promise.resolve();
  await Promise.all([first, table.add(forward(2)), table.add(forward(3))]);
  expect(told).toEqual([
    text(foundation(side)),
    text(additions([forward(1)])),
    text(additions([forward(2), forward(3)])),
  ]);
  await table.remove(forward(2));
  expect(told.at(-1)).toBe(text(replacement([forward(1), forward(3)])));
});

test('one that was not taken is not wanted, and the next change says all anew', async () => {
  const { told, state, table } = firewall();
  await table.open();
  await table.add(forward(1));
  state.exitCode = 1;
  await expect(table.add(forward(2))).rejects.toThrow('it is full');
  state.exitCode = 0;
  await table.add(forward(3));
  expect(told.at(-1)).toBe(text(replacement([forward(1), forward(3)])));
});

test('of a bulkheadd before this one the forwards stay until publish-port has had the time to come back', async () => {
  const { told, clock, table } = firewall(text(replacement([forward(7), forward(8)])));
  await table.open();
  expect([table.isFree(7), table.isFree(9)]).toEqual([false, true]);
  await table.add(forward(7));
  await table.add(forward(9));
  await table.remove(forward(9));
  expect(told.at(-1)).toBe(text(replacement([forward(7), forward(8)])));
  await clock.advanceWhenSleeping(30_000);
  await table.add(forward(10));
  expect(told.at(-1)).toBe(text(replacement([forward(7), forward(10)])));
  expect(table.isFree(8)).toBe(true);
});

test('a foundation that could not be laid is tried again', async () => {
  const { told, state, table } = firewall();
  state.exitCode = 1;
  await expect(table.open()).rejects.toThrow('it is full');
  state.exitCode = 0;
  await table.open();
  expect(told).toEqual([text(foundation(side)), text(foundation(side))]);
});
