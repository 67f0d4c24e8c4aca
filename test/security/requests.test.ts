import { afterAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';

const docker = createDocker(inject('dockerHost'));

/** Requests whose parameters dockerd itself would follow to a path or a program of the VM. */
describe('names that dockerd looks up as root of the VM', () => {
  const volume = unique('plugin');
  const networks: string[] = [];
  afterAll(async () => {
    await docker.run(['network', 'rm', ...networks]);
    await docker.run(['volume', 'rm', '-f', volume]);
  });
  const create = async (...flags: readonly string[]) => {
    const name = unique('net');
    networks.push(name);
    return docker.run(['network', 'create', ...flags, name]);
  };

  /** The address is that of bulkheadd's own plug-in, whose answer tells that dockerd went there. */
  test.each(['-d', '--ipam-driver'])(
    'a plug-in that a container left in a volume is no %s',
    async (option) => {
      const address = 'unix:///run/docker/plugins/bulkhead.sock';
      await docker.ok([
        'run',
        '--rm',
        '-v',
        `${volume}:/v`,
        probe,
        'sh',
        '-c',
        `echo ${address} > /v/x.spec`,
      ]);
      const { status, stderr } = await create(option, `../../../var/lib/docker/volumes/${volume}/_data/x`);
      expect(status).not.toBe(0);
      expect(stderr).not.toContain('does not implement');
      expect(stderr).toContain('rule network-drivers refuses');
    },
  );

  test.each(['macvlan', 'ipvlan'])('%s takes over no interface of the VM', async (driver) => {
    const { status, stderr } = await create('-d', driver, '-o', 'parent=docker0');
    expect(status).not.toBe(0);
    expect(stderr).toContain('rule network-drivers refuses the network option parent');
  });

  test('a bridge does not take an interface of the VM', async () => {
    expect((await create('-o', 'com.docker.network.bridge.name=lo')).status).not.toBe(0);
  });
});
