import type { Accelerator, ServedShare, VmSpec } from '../backend.js';
import { userNetwork } from '../network/index.js';

/** Descriptors of the socket pairs QEMU inherits: no socket of ours has a path that another user could reach or a file that stays behind. */
export const qemuDescriptors = { qmp: 3, phase: 4, control: 5, console: 6, memory: 7 } as const;

export const portNames = { phase: 'org.bulkhead.phase', control: 'org.bulkhead.control' } as const;

/** QOM ids by which QMP events name the two ports. */
export const portIds = { phase: 'phase0', control: 'control0' } as const;

/**
 * The QEMU command line of a VM, without the program name. Pure.
 *
 * Nothing is left to QEMU's defaults: no device, no configuration file, no guessing of an image format (a raw disk that
 * starts like a qcow2 could otherwise name any file of the host as its backing file, GHSA-f7qw-jj9c-rpq9).
 */
export function qemuArguments(spec: VmSpec, accelerator: Accelerator): string[] {
  return [
    ['-name', `bulkhead-${spec.name}`],
    ['-nodefaults', '-no-user-config', '-display', 'none'],
    // An emulator is a large attack surface for the guest: what it needs no more after start is taken away by seccomp.
    ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    machineArguments(spec, accelerator),
    ['-kernel', spec.kernel, '-initrd', spec.initramfs, '-append', spec.commandLine],
    diskArguments(spec),
    spec.shares.length === 0 ? [] : sharePorts(),
    spec.shares.flatMap(shareArguments),
    portArguments(),
    ['-device', 'virtio-rng-pci'],
    // Memory that is free in the guest is the host's again, 2 MiB at a time; the balloon itself is never filled.
    ['-device', 'virtio-balloon-pci,free-page-reporting=on'],
    ['-netdev', userNetwork(spec.network), '-device', 'virtio-net-pci,netdev=net0,romfile='],
    ['-chardev', `socket,id=console,fd=${qemuDescriptors.console}`],
    ['-serial', 'chardev:console'],
    // Paused until the monitor is listened to, so that no event is missed.
    ['-S'],
    // A reset, a panic and a power-off all end QEMU with status 0; the reason of the SHUTDOWN event tells them apart.
    ['-no-reboot', '-device', 'pvpanic-pci', '-action', 'panic=shutdown'],
  ].flat();
}

/** The bytes of the file QEMU has at its descriptor `memory`; undefined where nobody but itself sees the memory of the VM, and it makes it itself. */
export function sharedMemoryOf({
  shares,
  memoryMiB,
}: Pick<VmSpec, 'shares' | 'memoryMiB'>): number | undefined {
  return shares.length === 0 ? undefined : memoryMiB * 1024 * 1024;
}

function machineArguments(spec: VmSpec, accelerator: Accelerator): string[] {
  // The servers of shared directories read and write the guest's memory: there is no other way to virtiofs.
  const seen = sharedMemoryOf(spec) !== undefined;
  const memory = [
    `memory-backend-file,id=memory,size=${spec.memoryMiB}M,share=on`,
    // Where a huge page of the file is one of the mapping as well.
    `mem-path=/proc/self/fd/${qemuDescriptors.memory},align=2M`,
  ].join();
  return [
    ...(seen ? ['-object', memory] : []),
    // Probing the PS/2 controller costs the guest half a second, and nothing is connected to it.
    // The guest leaves the HPET in periodic mode when it has found a better timer, and QEMU goes on waking up for it 250 times a second.
    [
      '-machine',
      `q35,i8042=off,vmport=off,hpet=off,accel=${accelerator}${seen ? ',memory-backend=memory' : ''}`,
    ],
    ['-cpu', cpuModel(accelerator)],
    ['-smp', String(spec.cpus), '-m', `${spec.memoryMiB}M`],
  ].flat();
}

/** A device can come and go while the VM runs where it has a port of its own, and ports are there from the start. Eight of them are one device of the root bus. */
function sharePorts(): string[] {
  return Array.from({ length: mostShareDevices }, (_, number) => {
    const place = `addr=${(firstPortSlot + Math.floor(number / 8)).toString(16)}.${number % 8}`;
    const several = number % 8 === 0 ? ',multifunction=on' : '';
    return [
      '-device',
      `pcie-root-port,id=${sharePort(number)},bus=pcie.0,${place}${several},chassis=${number + 1}`,
    ];
  }).flat();
}

/** As many as `mostServed` of `src/vm/sharing/open-shares.ts`. */
export const mostShareDevices = 16;
const firstPortSlot = 0x1c;

export function sharePort(number: number): string {
  return `share-port${number}`;
}

function shareArguments({ tag, socket }: ServedShare, number: number): string[] {
  const device = Object.entries(shareDevice(tag, sharePort(number))).map(([name, value]) =>
    name === 'driver' ? String(value) : `${name}=${value}`,
  );
  return [
    ['-chardev', `socket,id=${tag},path=${escaped(socket)}`],
    ['-device', device.join(',')],
  ].flat();
}

/** The device of one shared directory, the same whether it is there from the start or comes later. */
export function shareDevice(tag: string, bus: string): Readonly<Record<string, string | number>> {
  return { driver: 'vhost-user-fs-pci', id: tag, bus, chardev: tag, tag, 'queue-size': 1024 };
}

/** The accelerator probe uses the same model: the features of the host's processor are where acceleration breaks. */
export function cpuModel(accelerator: Accelerator): string {
  return accelerator === 'tcg'
    ? ['max', ...slowWhenEmulated.map((feature) => `-${feature}`)].join(',')
    : 'host';
}

/**
 * What the emulated processor does not say it has. The first three promise that string instructions are fast by the byte, which the kernel and C libraries then copy and clear memory by: a real
 * processor moves cache lines, the emulator single bytes, in more than twice the time of a loop of words. The last is a fifth level of page tables, one more step each time an address is
 * looked up, for memory of more than 128 TiB. None of them protects anything.
 */
const slowWhenEmulated = ['erms', 'fsrm', 'fsrs', 'la57'];

function diskArguments(spec: VmSpec): string[] {
  return [
    disk('root', spec.root, 'read-only=on,auto-read-only=off,locking=on', 'read-only=on'),
    disk('hash', spec.hash, 'read-only=on,auto-read-only=off,locking=on', 'read-only=on'),
    // The guest's discards punch holes, so that the sparse file shrinks when images are removed.
    ...spec.documents.map(({ name, path }) =>
      disk(name, path, 'read-only=on,auto-read-only=off,locking=on', 'read-only=on'),
    ),
    disk('data', spec.dataDisk, 'discard=unmap,locking=on', 'discard=unmap,detect-zeroes=unmap'),
  ].flat();
}

/** The guest finds a disk by its serial, so that no order of probing decides which one it verifies. */
function disk(id: string, path: string, fileOptions: string, formatOptions: string): string[] {
  return [
    ['-blockdev', `driver=file,node-name=${id}-file,filename=${escaped(path)},${fileOptions}`],
    ['-blockdev', `driver=raw,node-name=${id},file=${id}-file,${formatOptions}`],
    ['-device', `virtio-blk-pci,drive=${id},serial=bulkhead-${id}`],
  ].flat();
}

function portArguments(): string[] {
  return [
    ['-chardev', `socket,id=qmp,fd=${qemuDescriptors.qmp}`, '-mon', 'chardev=qmp,mode=control'],
    ['-device', 'virtio-serial-pci,id=ports,max_ports=3'],
    port('phase', 1),
    port('control', 2),
  ].flat();
}

function port(name: 'phase' | 'control', number: number): string[] {
  return [
    ['-chardev', `socket,id=${name},fd=${qemuDescriptors[name]}`],
    [
      '-device',
      `virtserialport,bus=ports.0,nr=${number},chardev=${name},id=${portIds[name]},name=${portNames[name]}`,
    ],
  ].flat();
}

/** QEMU splits option values at commas; a doubled comma stands for one. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
