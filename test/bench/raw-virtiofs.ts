import { execa } from 'execa';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCpio } from '../../dist/image/cpio.js';
import { loadManifest, shareServerOf } from '../../dist/image/index.js';
import { readLines } from '../../dist/common/line-reader.js';

/** Shape of the VM that is compared with this one. */
export interface Shape {
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The processor QEMU emulates. */
  readonly cpu: string;
}

/**
 * What a command says in a VM that has nothing of ours, with a directory at /mnt as virtiofsd shares it by itself, with these options alone: the same kernel, the same virtiofsd, the
 * same QEMU. Ends with the command.
 *
 * @param init `raw-init`; the command is to be in the directory, there is nothing else.
 */
export async function inRawGuest(
  image: string,
  init: string,
  share: string,
  command: readonly string[],
  { cpus, memoryMiB, cpu }: Shape,
  options: readonly string[] = [],
): Promise<string> {
  const dir = `${share}.raw`;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const manifest = await loadManifest(image);
  const program = shareServerOf(image, manifest);
  if (program === undefined) throw new Error('the image has no server of shared directories');
  const initramfs = join(dir, 'initramfs');
  await writeFile(
    initramfs,
    writeCpio([
      { path: 'dev', type: 'directory', mode: 0o755 },
      { path: 'dev/console', type: 'character-device', mode: 0o600, device: [5, 1] },
      { path: 'dev/null', type: 'character-device', mode: 0o666, device: [1, 3] },
      { path: 'mnt', type: 'directory', mode: 0o755 },
      { path: 'proc', type: 'directory', mode: 0o755 },
      { path: 'init', type: 'file', mode: 0o755, data: await readFile(init) },
    ]),
  );
  const socket = join(dir, 'socket');
  const { loader, libraries } = program;
  const words = [
    '--library-path',
    libraries,
    program.program,
    '--shared-dir',
    share,
    '--socket-path',
    socket,
    ...options,
  ];
  // It ends with the VM that was connected to it.
  const server = execa(loader, words, { reject: false, stdin: 'ignore', buffer: false });
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const heard = readLines(server.stderr, (line) => {
    if (line.includes('Waiting for vhost-user socket connection')) resolve();
  });
  void server.then(({ exitCode }) => reject(new Error(`virtiofsd ended with status ${exitCode ?? -1}`)));
  try {
    await ready;
    const line = [
      'console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check cryptomgr.notests rcupdate.rcu_expedited=1',
      '8250.nr_uarts=1 random.trust_cpu=on vsyscall=none --',
      ...command,
    ];
    const qemu = [
      `-nodefaults -no-user-config -display none -no-reboot -serial stdio -cpu ${cpu}`,
      `-smp ${cpus} -m ${memoryMiB}M -object memory-backend-memfd,id=memory,size=${memoryMiB}M,share=on`,
      '-machine q35,i8042=off,vmport=off,hpet=off,accel=tcg,memory-backend=memory',
      `-kernel ${join(image, manifest.files.kernel.path)} -initrd ${initramfs} -chardev socket,id=share0,path=${socket}`,
      '-device vhost-user-fs-pci,chardev=share0,tag=share0,queue-size=1024',
    ].flatMap((option) => option.split(' '));
    const { stdout } = await execa(
      process.env['BULKHEAD_QEMU'] ?? 'qemu-system-x86_64',
      [...qemu, '-append', line.join(' ')],
      { stdin: 'ignore', timeout: 300_000, killSignal: 'SIGKILL' },
    );
    return stdout.replaceAll('\r', '');
  } finally {
    server.kill('SIGKILL');
    await heard;
  }
}
