import type { VmSpec } from '../backend.js';
import { guestNetwork } from '../network/index.js';

export const exampleSpec: VmSpec = {
  name: 'example',
  kernel: '/image/kernel',
  initramfs: '/image/initramfs',
  root: '/image/root.erofs',
  hash: '/image/root.verity',
  dataDisk: '/state/data.raw',
  documents: [],
  shares: [],
  commandLine: 'console=ttyS0',
  network: guestNetwork('192.168.65.0/24'),
  consoleLog: '/state/console.log',
  memoryMiB: 2048,
  cpus: 2,
};
