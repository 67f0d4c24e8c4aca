import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attemptImage } from '../support/attempt-image.ts';
import { type Attempt, attemptTests } from '../support/attempts.ts';
import { type Docker, probe, unique } from '../support/docker.ts';

/** Those of §9.2 that need a program of the tests' own. */
const attempts: readonly Attempt[] = [
  ['R9.2.12', 'input and output ports by number', 'ioperm', 'EPERM|ENOSYS'],
  ['R9.2.18', 'page faults of the kernel', 'userfaultfd-kernel', 'EPERM'],
  ['R9.2.27', 'process accounting', 'acct', 'EPERM|ENOSYS'],
  ['R9.2.27', 'disk quotas', 'quota', 'EPERM|ENOSYS'],
  ['R9.2.28', 'real-time scheduling', 'realtime', 'EPERM'],
  ['R9.2.31', 'a message to the audit system', 'audit-write', 'EPERM|ECONNREFUSED|EPROTONOSUPPORT'],
  ['R9.2.34', 'an io_uring, whose calls seccomp does not see', 'io-uring', 'ENOSYS'],
  [
    'R9.2.32',
    'the line of the VM to its host, by the calls of 32-bit programs',
    'vsock-i386',
    'EAFNOSUPPORT',
  ],
  ['R9.2.32', 'the same where seccomp does not see the family', 'vsock-socketcall', 'EAFNOSUPPORT'],
  ['R9.2.20', 'tracing a process that is not its own', 'ptrace 4000000', 'ESRCH'],
].map(([row = '', what = '', name = '', errors = '']) => ({
  row,
  what,
  script: `attempt ${name} && echo ALLOWED`,
  says: new RegExp(`^(${errors})$`),
}));

export function kernelProgramRows(docker: () => Docker, sentinels: () => Promise<unknown>): void {
  describe('interfaces of the kernel, with programs of the tests', () => {
    let image = '';
    const containers: string[] = [];
    beforeAll(async () => {
      image = await attemptImage(docker());
    });
    afterAll(async () => {
      await docker().run(['rm', '-f', ...containers]);
      await docker().run(['rmi', '-f', image]);
    });
    attemptTests(docker, attempts, { flags: ['--privileged'], image: () => image, sentinels });

    test('R9.2.18, B13: what a container may do: faults of its own program, a time namespace, 32-bit sockets', async () => {
      const script = 'attempt userfaultfd-user; attempt time-namespace; attempt unix-i386';
      expect(await docker().ok(['run', '--rm', '--privileged', image, 'sh', '-c', script])).toBe(
        'ok\nok\nok',
      );
    });

    test('R9.2.29: a key in the keyring of root is not found by root of another container', async () => {
      const [first, second] = [unique('keys'), unique('keys')];
      containers.push(first, second);
      for (const name of [first, second])
        await docker().ok(['run', '-d', '--privileged', '--name', name, image, 'sleep', '600']);
      const key = unique('key');
      expect(await docker().ok(['exec', '--privileged', first, 'attempt', 'keyring-put', key])).toBe('ok');
      expect(await docker().ok(['exec', '--privileged', first, 'attempt', 'keyring-search', key])).toBe('ok');
      const { stdout } = await docker().run([
        'exec',
        '--privileged',
        second,
        'attempt',
        'keyring-search',
        key,
      ]);
      expect(stdout).toBe('ENOKEY');
    });

    test('R9.2.15: a restart of the machine ends the container alone', async () => {
      const services = await sentinels();
      const name = unique('reboot');
      containers.push(name);
      await docker().run(['run', '--privileged', '--name', name, probe, 'reboot', '-f']);
      expect(await docker().ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('false');
      expect(await docker().ok(['run', '--rm', probe, 'echo', 'alive'])).toBe('alive');
      expect(await sentinels()).toEqual(services);
    });
  });
}
