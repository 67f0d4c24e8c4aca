import { expect, test } from 'vitest';
import { probe, unique } from '../../support/docker.ts';
import { callEngine } from '../../support/engine-api.ts';
import { derived, type SocketMachine } from './machine.ts';

/** Who has the socket, and under which names it is not to be had. */
export function imageRows(machine: SocketMachine): void {
  test('E02: an image in the list has the socket and sees the containers', async () => {
    const name = unique('e02');
    const { status, stdout, stderr } = await machine.run(
      machine.cli(),
      // With those not running: the engine notes a container as running after its process has begun.
      "docker ps --all --format '{{.Names}}'",
      '--name',
      name,
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toContain(name);
    expect((await machine.run(machine.cli(), 'stat -c "%u %a" /var/run/docker.sock')).stdout).toBe('0 660');
  });

  test('E03: an image that is only tagged like one in the list has not', async () => {
    await machine.docker.ok(['tag', probe, machine.registry.named('tools/docker:evil')]);
    await machine.docker.ok(['tag', machine.cli(), 'kept/cli']);
    await machine.docker.ok(['tag', probe, machine.cli()]);
    try {
      const { status, stderr } = await machine.run(machine.cli(), 'true');
      expect(status).not.toBe(0);
      expect(stderr).toContain(
        'enhanced container isolation: docker socket mount denied for container with image "localhost:5000/tools/docker"; image is not in the allowed list',
      );
      expect(stderr).toContain('Ada Lovelace');
    } finally {
      await machine.docker.ok(['tag', 'kept/cli', machine.cli()]);
    }
    expect((await machine.run(machine.cli(), 'true')).status).toBe(0);
  });

  test('E03: nor one whose container was made before the tag was moved, by its own image', async () => {
    const name = unique('e03');
    const body = { Image: probe, Cmd: ['true'], HostConfig: { Binds: ['/var/run/docker.sock:/s'] } };
    const raw = machine.internals.rawSocket;
    const created = await callEngine(raw, { method: 'POST', path: `/containers/create?name=${name}`, body });
    expect(created.status).toBe(201);
    const started = await callEngine(raw, { method: 'POST', path: `/containers/${name}/start` });
    expect(started.status).toBeGreaterThanOrEqual(400);
    expect(started.text).toContain('docker socket mount denied for container with image');
    await machine.docker.ok(['rm', '-f', name]);
  });

  test('E05: any tag of a repository', async () => {
    expect(
      (await machine.run(machine.registry.named('testcontainers/ryuk:0.9.0'), 'docker ps -q')).status,
    ).toBe(0);
  });

  test('E08: an image made of one in the list is refused, and the text names its parent', async () => {
    const { status, stderr } = await machine.run(derived, 'true');
    expect(status).not.toBe(0);
    expect(stderr).toContain('docker socket mount denied for container with image "docker.io/e07/derived"');
    expect(stderr).toMatch(
      /its parent image \(localhost:5000\/(tools\/docker:cli|testcontainers\/ryuk:0\.9\.0)\)/,
    );
    expect(stderr).toContain('set allowDerivedImages to true');
  });

  test('E10: --use-api-socket is the same wish (CVE-2026-6406)', async () => {
    const { status, stderr } = await machine.docker.run(['run', '--rm', '--use-api-socket', probe, 'true']);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/bulkhead/probe"',
    );
  });

  test.each([
    ['/var/run', '/r'],
    ['/run', '/r'],
    ['/run/docker', '/r'],
    ['/run/docker/docker.sock', '/s'],
    ['/var/run/docker/docker.sock', '/s'],
    ['/proc/1/root/run/docker.sock', '/s'],
    ['/run/bulkhead/sockets', '/r'],
  ])('E11: %s is not to be had, not even by an image in the list', async (source, target) => {
    for (const flags of [
      ['-v', `${source}:${target}`],
      ['--mount', `type=bind,source=${source},target=${target}`],
    ]) {
      const { status, stderr } = await machine.docker.run(['run', '--rm', ...flags, machine.cli(), 'true']);
      expect([flags, status]).not.toEqual([flags, 0]);
      expect(stderr).toContain('restricted host mount');
    }
  });

  test('E11: nor the socket of another container, by its own path', async () => {
    const path = machine.holder.socket.replace(machine.internals.path(''), '');
    const { status, stderr } = await machine.docker.run([
      'run',
      '--rm',
      '-v',
      `${path}:/s`,
      machine.cli(),
      'true',
    ]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('restricted host mount');
    const body = { Image: machine.cli(), Cmd: ['true'], HostConfig: { Binds: [`${path}:/s`] } };
    const raw = machine.internals.rawSocket;
    const created = await callEngine(raw, { method: 'POST', path: '/containers/create', body });
    expect(created.text).toContain('restricted host mount');
  });
}
