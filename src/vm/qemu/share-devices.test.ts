import { expect, test } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { QmpEvent } from './qmp-messages.js';
import { ShareDevices } from './share-devices.js';

/** A monitor that says yes, but to `refused`, and lets a device go at once unless `held`. */
function setUp({ from = ['share0'], refused = '', held = false, reason = 'GenericError: no' } = {}) {
  const commands: string[] = [];
  const listeners = new Set<(event: QmpEvent) => void>();
  const deleted = (device: unknown): void => {
    for (const listener of listeners) listener({ event: 'DEVICE_DELETED', data: { device } });
  };
  const qmp = {
    execute: async (command: string, args: Readonly<Record<string, unknown>> = {}) => {
      commands.push(`${command} ${JSON.stringify(args)}`);
      if (command === refused) throw new BulkheadError('BH_QMP_COMMAND', { command, reason });
      if (command === 'device_del' && !held)
        for (const device of [undefined, 'other', args['id']]) deleted(device);
      return {};
    },
    onEvent: (listener: (event: QmpEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const clock = new ManualClock();
  const devices = new ShareDevices(
    qmp,
    clock,
    from.map((tag) => ({ tag })),
  );
  return { devices, commands, listeners, clock, deleted };
}
const share = (tag: string) => ({ tag, socket: `/run/${tag}.sock` });

test('a directory that comes has the first port that is free', async () => {
  const { devices, commands } = setUp();
  await devices.add(share('share1'));
  expect(commands).toEqual([
    'chardev-add {"id":"share1","backend":{"type":"socket","data":{"addr":{"type":"unix","data":{"path":"/run/share1.sock"}},"server":false}}}',
    'device_add {"driver":"vhost-user-fs-pci","id":"share1","bus":"share-port1","chardev":"share1","tag":"share1","queue-size":1024}',
  ]);
});

test('its port and connection are free again once the guest has let go of it', async () => {
  const { devices, commands, listeners } = setUp();
  const before = listeners.size;
  await devices.remove('share0');
  expect(commands).toEqual(['device_del {"id":"share0"}', 'chardev-remove {"id":"share0"}']);
  expect(listeners.size).toBe(before);
  await devices.add(share('share1'));
  expect(commands.at(-1)).toContain('"bus":"share-port0"');
});

test('a guest that does not let go keeps it, and the port until it does', async () => {
  const { devices, commands, clock, deleted } = setUp({ held: true });
  const removed = devices.remove('share0');
  removed.catch(() => undefined);
  await clock.advanceWhenSleeping(30_000);
  await expect(removed).rejects.toThrow('has not let go of it within 30 s');
  await devices.add(share('share1'));
  expect(commands.at(-1)).toContain('"bus":"share-port1"');
  deleted('share0');
  expect(commands.at(-1)).toBe('chardev-remove {"id":"share0"}');
  await devices.add(share('share2'));
  expect(commands.at(-1)).toContain('"bus":"share-port0"');
});

test('one that the guest has switched off by itself is gone, and no other', async () => {
  const { devices, commands, deleted } = setUp({ from: ['share0', 'share1'] });
  deleted('share1');
  expect(commands).toEqual(['chardev-remove {"id":"share1"}']);
  await devices.remove('share1');
  expect(commands.length).toBe(1);
  await devices.add(share('share2'));
  expect(commands.at(-1)).toContain('"bus":"share-port1"');
});

test('one that QEMU does not know any more is gone as well; any other refusal is told', async () => {
  const reason = "DeviceNotFound: Device 'share0' not found";
  const { devices, commands } = setUp({ refused: 'device_del', reason });
  await devices.remove('share0');
  expect(commands.at(-1)).toBe('chardev-remove {"id":"share0"}');
  await devices.add(share('share1'));
  expect(commands.at(-1)).toContain('"bus":"share-port0"');
  await expect(setUp({ refused: 'device_del' }).devices.remove('share0')).rejects.toThrow('no');
  await expect(setUp({ refused: 'chardev-remove' }).devices.remove('share0')).rejects.toThrow(
    'its connection stays',
  );
});

test('where the device is refused, nothing of it stays', async () => {
  const { devices, commands } = setUp({ refused: 'device_add' });
  await expect(devices.add(share('share1'))).rejects.toThrow('refused');
  expect(commands.at(-1)).toBe('chardev-remove {"id":"share1"}');
  await expect(devices.add(share('share2'))).rejects.toThrow('refused');
  expect(commands.at(-2)).toContain('"bus":"share-port1"');
});

test('a VM without a port for one has none', async () => {
  await expect(setUp({ from: [] }).devices.add(share('share0'))).rejects.toThrow(
    'without shared directories',
  );
  const all = Array.from({ length: 16 }, (_, number) => `share${number}`);
  await expect(setUp({ from: all }).devices.add(share('share16'))).rejects.toThrow('no more than 16');
});
