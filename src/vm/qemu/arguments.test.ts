import { expect, test } from 'vitest';
import { exampleSpec } from '../test-support/example-spec.js';
import { qemuArguments } from './arguments.js';

/** One line for each option, as a person would write it. */
function lines(args: readonly string[]): string {
  return args.join(' ').replaceAll(/ (?=-[a-zA-Z-]+( |$))/g, '\n');
}

test('the whole command line', () => {
  expect(lines(qemuArguments(exampleSpec, 'tcg'))).toMatchInlineSnapshot(`
    "-name bulkhead-example
    -nodefaults
    -no-user-config
    -display none
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
    -machine q35,i8042=off,vmport=off,hpet=off,accel=tcg
    -cpu max,-erms,-fsrm,-fsrs,-la57
    -smp 2
    -m 2048M
    -kernel /image/kernel
    -initrd /image/initramfs
    -append console=ttyS0
    -blockdev driver=file,node-name=root-file,filename=/image/root.erofs,read-only=on,auto-read-only=off,locking=on
    -blockdev driver=raw,node-name=root,file=root-file,read-only=on
    -device virtio-blk-pci,drive=root,serial=bulkhead-root
    -blockdev driver=file,node-name=hash-file,filename=/image/root.verity,read-only=on,auto-read-only=off,locking=on
    -blockdev driver=raw,node-name=hash,file=hash-file,read-only=on
    -device virtio-blk-pci,drive=hash,serial=bulkhead-hash
    -blockdev driver=file,node-name=data-file,filename=/state/data.raw,discard=unmap,locking=on
    -blockdev driver=raw,node-name=data,file=data-file,discard=unmap,detect-zeroes=unmap
    -device virtio-blk-pci,drive=data,serial=bulkhead-data
    -chardev socket,id=qmp,fd=3
    -mon chardev=qmp,mode=control
    -device virtio-serial-pci,id=ports,max_ports=3
    -chardev socket,id=phase,fd=4
    -device virtserialport,bus=ports.0,nr=1,chardev=phase,id=phase0,name=org.bulkhead.phase
    -chardev socket,id=control,fd=5
    -device virtserialport,bus=ports.0,nr=2,chardev=control,id=control0,name=org.bulkhead.control
    -device virtio-rng-pci
    -device virtio-balloon-pci,free-page-reporting=on
    -netdev user,id=net0,ipv6=off,net=192.168.65.0/24,host=192.168.65.1,dns=192.168.65.2,dhcpstart=192.168.65.3
    -device virtio-net-pci,netdev=net0,romfile=
    -chardev socket,id=console,fd=6
    -serial chardev:console
    -S
    -no-reboot
    -device pvpanic-pci
    -action panic=shutdown"
  `);
});

test('each shared directory is a device of its own, and its server sees the memory of the VM', () => {
  const shares = [
    { tag: 'share0', socket: '/run/a,b/share0.sock' },
    { tag: 'share1', socket: '/run/share1.sock' },
  ];
  const words = lines(qemuArguments({ ...exampleSpec, shares }, 'tcg')).split('\n');
  expect(words.filter((line) => /share|memory/.test(line) && !line.includes('root-port'))).toEqual([
    '-object memory-backend-file,id=memory,size=2048M,share=on,mem-path=/proc/self/fd/7,align=2M',
    '-machine q35,i8042=off,vmport=off,hpet=off,accel=tcg,memory-backend=memory',
    '-chardev socket,id=share0,path=/run/a,,b/share0.sock',
    '-device vhost-user-fs-pci,id=share0,bus=share-port0,chardev=share0,tag=share0,queue-size=1024',
    '-chardev socket,id=share1,path=/run/share1.sock',
    '-device vhost-user-fs-pci,id=share1,bus=share-port1,chardev=share1,tag=share1,queue-size=1024',
  ]);
});

test('there is a port for each directory that may come, in a VM that has one from the start', () => {
  const shares = [{ tag: 'share0', socket: '/run/share0.sock' }];
  const ports = qemuArguments({ ...exampleSpec, shares }, 'tcg').filter((arg) => arg.includes('root-port'));
  expect(ports.length).toBe(16);
  expect([ports[0], ports[1], ports[8]]).toEqual([
    'pcie-root-port,id=share-port0,bus=pcie.0,addr=1c.0,multifunction=on,chassis=1',
    'pcie-root-port,id=share-port1,bus=pcie.0,addr=1c.1,chassis=2',
    'pcie-root-port,id=share-port8,bus=pcie.0,addr=1d.0,multifunction=on,chassis=9',
  ]);
});

test('hardware acceleration uses the processor of the host', () => {
  const args = qemuArguments(exampleSpec, 'kvm');
  expect(args).toContain('q35,i8042=off,vmport=off,hpet=off,accel=kvm');
  expect(args[args.indexOf('-cpu') + 1]).toBe('host');
});

test('a comma in a path is data, not the start of an option', () => {
  const args = qemuArguments({ ...exampleSpec, root: '/a,read-only=off', dataDisk: '/b,c' }, 'tcg');
  expect(args.filter((arg) => arg.includes('/a,'))).toEqual([
    expect.stringContaining('filename=/a,,read-only=off,read-only=on,'),
  ]);
  expect(args.join(' ')).toContain('filename=/b,,c,discard=unmap');
});

test('a document is a disk that nobody writes, found by its serial', () => {
  const documents = [
    { name: 'policy', path: '/state/policy.disk', bytes: 7 },
    { name: 'settings', path: '/state/settings.disk', bytes: 2 },
  ] as const;
  const plain = qemuArguments(exampleSpec, 'tcg');
  const added = qemuArguments({ ...exampleSpec, documents }, 'tcg').filter((arg) => !plain.includes(arg));
  expect(added).toEqual([
    'driver=file,node-name=policy-file,filename=/state/policy.disk,read-only=on,auto-read-only=off,locking=on',
    'driver=raw,node-name=policy,file=policy-file,read-only=on',
    'virtio-blk-pci,drive=policy,serial=bulkhead-policy',
    'driver=file,node-name=settings-file,filename=/state/settings.disk,read-only=on,auto-read-only=off,locking=on',
    'driver=raw,node-name=settings,file=settings-file,read-only=on',
    'virtio-blk-pci,drive=settings,serial=bulkhead-settings',
  ]);
});

test('every disk names its format, and only the data disk can be written', () => {
  const drives = qemuArguments(exampleSpec, 'tcg').filter((arg) => arg.startsWith('driver='));
  expect(drives).toHaveLength(6);
  expect(drives.every((drive) => /^driver=(file|raw),/.test(drive))).toBe(true);
  const writable = drives.filter((drive) => !drive.includes('read-only=on'));
  expect(writable.map((drive) => /node-name=([\w-]+)/.exec(drive)?.[1])).toEqual(['data-file', 'data']);
});
