import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { parseIdMap } from '../support/id-map.ts';

/** A seccomp profile that allows every call. */
const everyCall = join(import.meta.dirname, '..', 'security', 'open-sockets.json');

/** Options that ask for less isolation: some are served within it, some taken out without a word, the others refused. */
export function optionRows(docker: () => Docker): void {
  describe('options', () => {
    const containers: string[] = [];
    afterAll(async () => {
      if (containers.length > 0) await docker().run(['rm', '-f', ...containers]);
    });
    const run = async (flags: readonly string[], ...command: string[]): Promise<Outcome> =>
      docker().run(['run', '--rm', ...flags, probe, ...command]);

    test('A05: --userns=host is ignored', async () => {
      const map = parseIdMap(
        await docker().ok(['run', '--rm', '--userns=host', probe, 'cat', '/proc/self/uid_map']),
      );
      expect(map.base).toBeGreaterThanOrEqual(100_000);
      expect(map.size).toBe(65_536);
    });

    test.each(['runc', 'io.containerd.runc.v2', 'bulkhead'])(
      'A06, R9.3.18: with --runtime=%s the container works and is isolated',
      async (runtime) => {
        const name = unique('a06');
        containers.push(name);
        const flags = ['--name', name, '--privileged', '--runtime', runtime];
        const script = 'echo test; cat /proc/self/uid_map; probe vsock-socket';
        const { status, stdout } = await docker().run(['run', ...flags, probe, 'sh', '-c', script]);
        const [word, map = '', socket] = stdout.split('\n');
        expect([status, word, socket]).toEqual([1, 'test', 'EAFNOSUPPORT']);
        expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
        expect(await docker().ok(['inspect', '-f', '{{.HostConfig.Runtime}}', name])).toBe('bulkhead');
      },
    );

    test.each([
      ['kmsg', ['--device', '/dev/kmsg']],
      ['vsock', ['--device', '/dev/vsock']],
      ['vda', ['--device', '/dev/vda']],
      ['a *:* rwm', ['--device-cgroup-rule', 'a *:* rwm']],
      ['b 8:* rwm', ['--device-cgroup-rule', 'b 8:* rwm']],
      ['c 1:11 r', ['--device-cgroup-rule', 'c 1:11 r']],
    ])('B14, R9.3.14: device %s is refused by name', async (device, flags) => {
      const { status, stderr, stdout } = await run(flags, 'echo', 'ran');
      expect(status).not.toBe(0);
      expect(stdout).toBe('');
      expect(stderr).toContain(device);
      expect(stderr).toMatch(/is not on the list of devices containers may have|no such file or directory/);
    });

    test('B14: a device on the list is given, at its own place alone', async () => {
      expect((await run(['--device', '/dev/fuse'], 'test', '-c', '/dev/fuse')).status).toBe(0);
      const { status, stderr } = await run(['--device', '/dev/fuse:/dev/other'], 'true');
      expect(status).not.toBe(0);
      expect(stderr).toContain('/dev/other');
    });

    test.each(['seccomp', 'apparmor', 'systempaths'])(
      'R9.3.15: --security-opt %s=unconfined leaves the floor',
      async (kind) => {
        const script =
          'grep -c "^Seccomp:.2" /proc/self/status; probe vsock-socket; probe open-by-handle; probe init-module; probe kexec-load';
        const { stdout } = await run(
          ['--privileged', '--security-opt', `${kind}=unconfined`],
          'sh',
          '-c',
          script,
        );
        expect(stdout.split('\n')).toEqual(['1', 'EAFNOSUPPORT', 'EPERM', 'EPERM', 'EPERM']);
      },
    );

    test.each(['/', '/bulkhead', '/docker/../x', '..'])(
      'R9.3.16: --cgroup-parent=%s is refused',
      async (parent) => {
        const { status, stderr } = await run(['--cgroup-parent', parent], 'true');
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/is refused, because it is not one of the engine|cgroup-parent/);
      },
    );

    test('R9.3.16: the container sees its own cgroup as the top, and above its limit it does not get', async () => {
      /* A file in memory is charged like any other memory. */
      const script = [
        'cut -d: -f3 /proc/self/cgroup | sort -u',
        'cd /sys/fs/cgroup; for f in memory/memory.limit_in_bytes memory.max; do [ ! -e $f ] || echo 1073741824 > $f; done',
        'dd if=/dev/zero of=/dev/shm/big bs=1M count=200 && echo ALLOWED',
      ].join('; ');
      const flags = ['--privileged', '--memory', '64m', '--memory-swap', '64m', '--shm-size', '300m'];
      const { status, stdout } = await run(flags, 'sh', '-c', script);
      expect(stdout.trim()).toBe('/');
      expect(status).not.toBe(0);
    });

    test.each([
      ['-1000', []],
      ['-1000', ['--privileged']],
      ['300', []],
    ])('R9.3.17: --oom-score-adj=%s %j is clamped and the container runs', async (asked, flags) => {
      const { status, stdout, stderr } = await run(
        [`--oom-score-adj=${asked}`, ...flags],
        'cat',
        '/proc/self/oom_score_adj',
      );
      expect([status, stderr]).toEqual([0, '']);
      expect(Number(stdout)).toBeGreaterThanOrEqual(Math.max(-400, Number(asked)));
    });

    test('R9.3.17: limits cannot be raised past what was given', async () => {
      const script = '[ "$(ulimit -Hn)" = 1024 ] && ! ulimit -Hn 4096';
      const { status } = await run(['--ulimit', 'nofile=512:1024', '--privileged'], 'sh', '-c', script);
      expect(status).toBe(0);
    });

    test.each(['run.oci.handler=wasm', 'org.systemd.property.DeviceAllow=x', 'bulkhead.off=1'])(
      'R9.3.19: the annotation %s gives no order to the runtime',
      async (annotation) => {
        const { status, stdout } = await run(
          ['--annotation', annotation, '--privileged'],
          'sh',
          '-c',
          'cat /proc/self/uid_map; probe vsock-socket',
        );
        const [map = '', socket] = stdout.split('\n');
        expect([status, socket]).toEqual([1, 'EAFNOSUPPORT']);
        expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
      },
    );

    test('R9.3.20: no device of a vendor, nor its hooks', async () => {
      const { status, stderr } = await run(['--gpus', 'all'], 'true');
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/could not select device driver|is not on the list|CDI/);
    });

    test.each([
      ["the engine's profile", []],
      ['a profile that allows every call', ['--security-opt', `seccomp=${everyCall}`]],
      ['no profile', ['--security-opt', 'seccomp=unconfined']],
    ])(
      'R9.3.22: exec --privileged has the user namespace and the floor of a container with %s',
      async (_what, flags) => {
        const name = unique('exec');
        containers.push(name);
        await docker().ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
        const script = [
          'cat /proc/self/uid_map; grep CapEff /proc/self/status',
          'for c in vsock-socket open-by-handle init-module kexec-load bpf-next-id; do probe $c; done',
          'readlink /proc/self/ns/user; head -c 1 /dev/kmsg; echo 1 > /proc/sys/vm/drop_caches',
        ].join('; ');
        const inside = await docker().run(['exec', '--privileged', name, 'sh', '-c', script]);
        const [map = '', capabilities = '', vsock, ...calls] = inside.stdout.split('\n');
        const own = ['exec', name, 'sh', '-c', 'cat /proc/self/uid_map; readlink /proc/self/ns/user'];
        expect([map.trim(), calls.pop()]).toEqual(
          (await docker().ok(own)).split('\n').map((line) => line.trim()),
        );
        // Every capability, in that user namespace: it is the floor that says no below.
        expect((BigInt(`0x${/[0-9a-f]{16}$/.exec(capabilities)?.[0] ?? '0'}`) >> 21n) & 1n).toBe(1n);
        expect(vsock).toMatch(/^(EAFNOSUPPORT|EPERM)$/);
        expect(calls).toEqual(['EPERM', 'EPERM', 'EPERM', 'EPERM']);
        expect(inside.stderr).toMatch(/kmsg: No such file[^]*drop_caches: Read-only file system/);
      },
    );

    test('R9.3.24: no checkpoint is taken, and none restored', async () => {
      const name = unique('checkpoint');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
      for (const command of [
        ['checkpoint', 'create', name, 'one'],
        ['start', '--checkpoint', 'one', name],
      ]) {
        const { status, stderr } = await docker().run(command);
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/experimental/);
      }
      expect(await docker().ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
    });
  });
}
