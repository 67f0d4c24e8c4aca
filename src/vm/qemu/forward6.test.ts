import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemExec } from '../../common/exec.js';
import { systemClock } from '../../common/system-clock.js';
import type { Vm } from '../backend.js';
import { tryBind } from '../ports/try-bind.js';
import { startQemuVm } from './qemu-vm.js';

const qemu = 'qemu-system-x86_64';
const machine = ['-S', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', '32M', '-no-reboot'];
const monitor = ['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'];
const card = ['-netdev', 'user,id=net0,ipv6=off', '-device', 'virtio-net-pci,netdev=net0,romfile='];
const sandbox = ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];

let directory = '';
let vm: Vm | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-forward6-'));
});
afterEach(async () => {
  await vm?.destroy();
  vm = undefined;
  await rm(directory, { recursive: true });
});

async function started(forward6Directory?: string): Promise<Vm> {
  const parts = { clock: systemClock, exec: systemExec, logger: { warn: () => undefined } };
  const args = [...machine, ...sandbox, ...monitor, ...card];
  const more = { ...parts, guardedOn: 'linux', forward6Directory } as const;
  return startQemuVm(qemu, args, join(directory, 'console'), more, new AbortController().signal);
}

test('a QEMU listens at IPv6 addresses beside the same ports of IPv4, and ends each alone', async () => {
  const links = join(directory, 'links');
  vm = await started(links);
  expect(vm.forwardsIPv6).toBe(true);
  const port = await tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
  const places = ['127.0.0.1', '::1'].map((address) => ({ protocol: 'tcp', address, port }) as const);
  for (const place of places) await vm.addForward({ ...place, guestPort: 80 });
  for (const place of places) {
    const socket = connect(place.port, place.address);
    await once(socket, 'connect');
    socket.destroy();
  }
  expect(await readdir(links)).toEqual([]);
  for (const place of places) {
    await vm.removeForward(place);
    expect(await tryBind(place)).toBe(port);
  }
  await expect(vm.removeForward({ protocol: 'tcp', address: '::1', port })).rejects.toThrow(
    'does not listen',
  );
});

test('one that is taken by then is refused, and can be had later', async () => {
  vm = await started(join(directory, 'links'));
  const port = await tryBind({ protocol: 'tcp', address: '::1', port: 0 });
  const place = { protocol: 'tcp', address: '::1', port, guestPort: 80 } as const;
  await vm.addForward(place);
  await expect(vm.addForward(place)).rejects.toThrow('QEMU: ');
  await vm.removeForward(place);
  await vm.addForward(place);
});

test('without its library it has those of IPv4 alone', async () => {
  vm = await started();
  expect(vm.forwardsIPv6).toBe(false);
  const place = { protocol: 'tcp', address: '::1', port: 1, guestPort: 80 } as const;
  await expect(vm.addForward(place)).rejects.toThrow('IPv4 addresses alone');
});
