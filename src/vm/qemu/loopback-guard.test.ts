import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemExec } from '../../common/exec.js';
import { systemClock } from '../../common/system-clock.js';
import type { Vm } from '../backend.js';
import { startQemuVm } from './qemu-vm.js';

const qemu = 'qemu-system-x86_64';
const machine = ['-S', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', '32M', '-no-reboot'];
const base = machine.concat('-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control');
const parts = { clock: systemClock, exec: systemExec, logger: { warn: () => undefined } };
const signal = new AbortController().signal;
const gateway = [192, 168, 65, 1];
const guest = [192, 168, 65, 3];
const icmp = 1;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-guard-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A user network without a guest: who is connected to the socket sends what a guest's card would. */
async function network(guardedOn: NodeJS.Platform | undefined): Promise<readonly [Vm, Socket]> {
  const path = join(directory, 'card');
  const args = [
    `user,id=world,net=192.168.65.0/24,host=${gateway.join('.')}`,
    'hubport,id=first,hubid=0,netdev=world',
    `stream,id=card,server=on,addr.type=unix,addr.path=${path}`,
    'hubport,id=second,hubid=0,netdev=card',
  ].flatMap((netdev) => ['-netdev', netdev]);
  const vm = await startQemuVm(
    qemu,
    [...base, ...args],
    join(directory, 'console'),
    { ...parts, guardedOn },
    signal,
  );
  const card = connect(path);
  await once(card, 'connect');
  return [vm, card];
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IPv4 packet to the gateway, as QEMU's stream carries it: four bytes of length, then the frame. */
function packet(protocol: number, content: Buffer): Buffer {
  const header = Buffer.from([
    0x45,
    0,
    0,
    20 + content.length,
    0,
    1,
    0,
    0,
    64,
    protocol,
    0,
    0,
    ...guest,
    ...gateway,
  ]);
  header.writeUInt16BE(checksum(header), 10);
  const frame = Buffer.concat([Buffer.from('5255c0a841015254001234560800', 'hex'), header, content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

/** One byte and no checksum, as UDP allows. */
function datagram(port: number): Buffer {
  const content = Buffer.from([0x9c, 0x40, 0, 0, 0, 9, 0, 0, 0x78]);
  content.writeUInt16BE(port, 2);
  return packet(17, content);
}

function beginning(port: number): Buffer {
  const content = Buffer.alloc(20);
  content.writeUInt16BE(40_000, 0);
  content.writeUInt16BE(port, 2);
  content.writeUInt32BE(1000, 4);
  content.set([0x50, 0x02, 0xff, 0xff], 12);
  const pseudo = Buffer.from([...guest, ...gateway, 0, 6, 0, 20]);
  content.writeUInt16BE(checksum(Buffer.concat([pseudo, content])), 16);
  return packet(6, content);
}

/** Resolves when the guest is told that it goes nowhere (ICMP). libslirp asks for the guest's card first. */
async function unreachable(card: Socket): Promise<void> {
  let held = Buffer.alloc(0);
  for await (const chunk of card) {
    held = Buffer.concat([held, Buffer.from(chunk)]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const frame = held.subarray(4, 4 + held.readUInt32BE(0));
      held = held.subarray(4 + frame.length);
      if (frame.readUInt16BE(12) === 0x0806 && frame.readUInt16BE(20) === 1) card.write(presence(frame));
      if (frame.readUInt16BE(12) === 0x0800 && frame[23] === icmp) return;
    }
  }
  throw new Error('the network has ended');
}

/** The answer to a question for the guest's card (ARP). */
function presence(question: Buffer): Buffer {
  const answer = Buffer.alloc(4 + 42);
  answer.writeUInt32BE(42);
  question.copy(answer, 4, 0, 42);
  question.copy(answer, 4, 6, 12);
  Buffer.from('525400123456', 'hex').copy(answer, 4 + 6);
  answer.writeUInt16BE(2, 4 + 20);
  Buffer.from('525400123456', 'hex').copy(answer, 4 + 22);
  Buffer.from(guest).copy(answer, 4 + 28);
  question.copy(answer, 4 + 32, 22, 32);
  return answer;
}

test('a packet to the gateway, whoever sent it, does not reach the loopback of the host; without the guard it does', async () => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  const tcp = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  try {
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    const address = tcp.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    const tcpPort = address.port;
    const [open, openCard] = await network(undefined);
    const [datagrams, connections] = [once(udp, 'message'), once(tcp, 'connection')];
    openCard.write(datagram(udp.address().port));
    openCard.write(beginning(tcpPort));
    await Promise.all([datagrams, connections]);
    openCard.destroy();
    await open.destroy();
    await rm(join(directory, 'card'), { force: true });

    let reached = 0;
    udp.on('message', () => (reached += 1));
    tcp.on('connection', () => (reached += 1));
    for (const refused of [datagram(udp.address().port), beginning(tcpPort)]) {
      const [guarded, card] = await network('linux');
      card.write(refused);
      await unreachable(card);
      await guarded.destroy();
      await rm(join(directory, 'card'), { force: true });
    }
    expect(reached).toBe(0);
  } finally {
    udp.close();
    tcp.close();
  }
});

test('a QEMU that does not load the guard runs nothing', async () => {
  const file = join(directory, 'qemu');
  await writeFile(file, `#!/bin/sh\nunset LD_PRELOAD\nexec ${qemu} "$@"\n`);
  await chmod(file, 0o755);
  const started = startQemuVm(
    file,
    base,
    join(directory, 'console'),
    { ...parts, guardedOn: 'linux' },
    signal,
  );
  await expect(started).rejects.toMatchObject({ code: 'BH_QEMU_UNUSABLE' });
  await expect(started).rejects.toThrow(/did not load .*loopback-guard\.so/);
});
