import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { fuseMounts, syscallListeners } from '../support/interception.ts';
import { processTree } from '../support/process-tree.ts';

const docker = createDocker(inject('dockerHost'));

/*
 * What makes other systems slow is not there: no program takes part in a container's system calls, or in its files. How fast that is beside
 * no isolation is measured by `npm run bench work`.
 */
test('F13: mounts and files of a container are between it and the kernel alone', async () => {
  const engine = await engineInternals(inject('enginePid'));
  const name = unique('path');
  const volume = unique('path');
  const options = ['--privileged', '-v', `${volume}:/volume`, '--tmpfs', '/m'];
  await docker.ok(['run', '-d', '--rm', '--init', '--name', name, ...options, probe, 'sleep', '1000']);
  try {
    const script =
      'i=0; while [ $i -lt 1000 ]; do mount -t tmpfs none /m && umount /m && i=$((i+1)) || exit; done; echo $i';
    const loop = docker.ok(['exec', name, 'sh', '-c', script]);
    // As the engine's pid namespace numbers it.
    const pid = Number(await docker.ok(['inspect', '-f', '{{.State.Pid}}', name]));
    expect(syscallListeners(processTree(inject('enginePid')))).toEqual([]);
    expect(await loop).toBe('1000');
    // The volume is the engine's own file system, nothing laid over it.
    const own = engine.path(`/var/lib/docker/volumes/${volume}/_data`);
    const shown = ({ dev, ino }: { dev: number; ino: number }): number[] => [dev, ino];
    expect(shown(statSync(engine.path(`/proc/${pid}/root/volume`)))).toEqual(shown(statSync(own)));
    expect(fuseMounts(readFileSync(engine.path(`/proc/${pid}/mountinfo`), 'utf8'))).toEqual([]);
  } finally {
    await docker.run(['rm', '-f', name]);
    await docker.run(['volume', 'rm', volume]);
  }
});

test('what takes part in system calls and files is found where it is', async () => {
  // A filter of one instruction that allows all, with a listener: seccomp(2), BPF_RET | BPF_K with SECCOMP_RET_ALLOW.
  const numbers: Readonly<Record<string, string>> = { x64: '317', arm64: '277' };
  const script = `
    my $filter = pack("SCCL", 6, 0, 0, 0x7fff0000);
    my $program = pack("Sx![P]P", 1, $filter);
    syscall(${numbers[process.arch]}, 1, 8, $program) >= 0 or die "seccomp: $!";
    $| = 1; print "listens\\n"; sleep 1000`;
  const listener = execa('/usr/bin/perl', ['-e', script], { reject: false });
  try {
    await once(listener.stdout, 'data');
    expect(
      fuseMounts('36 35 0:45 / /m rw - fuse.fuse-overlayfs x rw\n37 35 0:46 / /n rw - fusectl x rw'),
    ).toEqual(['/m']);
    expect(syscallListeners(processTree(process.pid))).toEqual([listener.pid]);
  } finally {
    listener.kill('SIGKILL');
    await listener;
  }
});
