import { expect, test } from 'vitest';
import { addCommand, removeCommand, runMonitorCommand } from './host-forward.js';

const forward = { protocol: 'udp', address: '127.0.0.1', port: 5300, guestPort: 4000 } as const;
const saying = (said: unknown) => ({ execute: async () => said });

test('the commands', () => {
  expect(addCommand(forward)).toBe('hostfwd_add net0 udp:127.0.0.1:5300-:4000');
  expect(removeCommand(forward)).toBe('hostfwd_remove net0 udp:127.0.0.1:5300');
});

test('what the monitor says is an error, unless it says that it was done', async () => {
  await runMonitorCommand(saying(''), 'x');
  await runMonitorCommand(saying('host forwarding rule for udp:127.0.0.1:5300 removed\r\n'), 'x');
  const refused = "Could not set up host forwarding rule 'udp:127.0.0.1:5300-:4000'\r\n";
  await expect(runMonitorCommand(saying(refused), 'x')).rejects.toThrow('QEMU: Could not set up');
  const unknown = 'host forwarding rule for udp:127.0.0.1:5300 not found\r\n';
  await expect(runMonitorCommand(saying(unknown), 'x')).rejects.toThrow('not found');
});
