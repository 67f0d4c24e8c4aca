/**
 * A published port of a container beside two others behind a plain hostfwd: the same container's, and that of the same server as the only process of a VM with the same
 * kernel, card and QEMU.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vm } from '../../dist/vm/backend.js';
import { tryBind } from '../../dist/vm/ports/try-bind.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { instanceAt } from '../support/instance.ts';
import { askTcp } from '../support/port-client.ts';
import { portImage } from '../support/port-image.ts';
import { compare } from './ports/measures.ts';
import { startPlainGuest } from './ports/plain-guest.ts';
import { addPlainForward, qemuWithSecondMonitor } from './ports/second-monitor.ts';
import type { BenchmarkRow } from './rows.ts';

const memoryMiB = 1024;

export async function benchPorts(): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-ports-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  const image = await builtImageDir();
  const name = 'bench';
  process.env['BULKHEAD_QEMU'] = await qemuWithSecondMonitor(dir, name);
  const instance = instanceAt({ name, dir, image });
  let peer: Vm | undefined;
  try {
    await instance.up(240, '--memory', String(memoryMiB));
    const docker = createDocker(instance.dockerHost);
    const echo = await portImage(docker);
    const published = { host: '127.0.0.1', port: await freePort() };
    const relayed = { host: '::1', port: await freePort() };
    const flags = ['-p', `127.0.0.1:${published.port}:80`, '-p', `[::1]:${relayed.port}:80`];
    await docker.ok(['run', '-d', ...flags, echo]);
    const plain = { host: '127.0.0.1', port: await freePort() };
    await addPlainForward(dir, published.port, plain.port);
    peer = await startPlainGuest(dir, image, memoryMiB);
    const bare = { host: '127.0.0.1', port: await freePort() };
    await peer.addForward({ protocol: 'tcp', address: bare.host, port: bare.port, guestPort: 80 });
    for (const { host, port } of [published, relayed, plain, bare])
      await eventually(async () => void (await askTcp(host, port, 'there')), 60_000);
    return [
      ...(await compare(['published at 127.0.0.1', published], ['plain hostfwd', plain])),
      ...(await compare(['published at [::1]', relayed], ['plain hostfwd', plain])),
      ...(await compare(['published port', published], ['bare server', bare])),
    ];
  } finally {
    await instance.run('down');
    await peer?.destroy();
    delete process.env['BULKHEAD_QEMU'];
    await rm(dir, { recursive: true, force: true });
  }
}

const freePort = (): Promise<number> => tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
