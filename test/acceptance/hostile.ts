import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';

export interface HostileOptions {
  /** What is outside of containers; compared after each attack. */
  readonly sentinels: () => Promise<unknown>;
  /** How often an attack that must win a race is tried. */
  readonly rounds: number;
}

const file = join(import.meta.dirname, '../../package.json');
const engineDirectory = '/run/bulkhead/engine';

/**
 * What a hostile container or client tries with the engine itself, which works as root of the VM: names it looks up, paths it copies
 * through, mounts it prepares.
 */
export function hostileRows(docker: () => Docker, { sentinels, rounds }: HostileOptions): void {
  describe('attacks by way of the engine', () => {
    const containers: string[] = [];
    const volumes: string[] = [];
    const networks: string[] = [];
    const images: string[] = [];
    let before: unknown;
    beforeAll(async () => {
      before = await sentinels();
    });
    afterEach(async () => expect(await sentinels()).toEqual(before));
    afterAll(async () => {
      await docker().run(['rm', '-f', ...containers]);
      await docker().run(['volume', 'rm', '-f', ...volumes]);
      if (networks.length > 0) await docker().run(['network', 'rm', ...networks]);
      if (images.length > 0) await docker().run(['rmi', '-f', ...images]);
    });
    const named = (list: string[]): string => {
      const name = unique('hostile');
      list.push(name);
      return name;
    };
    const run = async (...args: string[]): Promise<Outcome> => docker().run(['run', '--rm', ...args]);
    const inVolume = async (volume: string, script: string): Promise<string> =>
      docker().ok(['run', '--rm', '-v', `${volume}:/v`, probe, 'sh', '-c', script]);
    const start = async (...args: string[]): Promise<string> => {
      const name = named(containers);
      await docker().ok(['run', '-d', '--name', name, ...args]);
      return name;
    };
    /** A container that swaps a name of a volume between a directory and a link to the engine's files until it is removed. */
    const swapping = async (data: string): Promise<string> => {
      const script = [
        `cd /v; mkdir -p real/b; ln -s ${engineDirectory} link`,
        'while :; do mv real a; mv a real; mv link a; mv a link; done',
      ].join('; ');
      return start('-v', `${data}:/v`, probe, 'sh', '-c', script);
    };

    test('docker cp goes through no bind of a container that was never started', async () => {
      const name = named(containers);
      await docker().run(['create', '--name', name, '-v', `${engineDirectory}:/host`, probe, 'true']);
      const { status, stdout } = await docker().run(['cp', `${name}:/host/dockerd.json`, '-']);
      expect(stdout).not.toContain('data-root');
      expect(status).not.toBe(0);
      expect((await docker().run(['cp', file, `${name}:/host/`])).status).not.toBe(0);
    });

    test('docker cp does not follow a bind source that was swapped after the container was approved', async () => {
      const data = named(volumes);
      await inVolume(data, 'mkdir /v/sub');
      const name = named(containers);
      const source = `/var/lib/docker/volumes/${data}/_data/sub`;
      await docker().run(['run', '-d', '--name', name, '-v', `${source}:/x`, probe, 'sleep', '600']);
      await inVolume(data, `mv /v/sub /v/old && ln -s ${engineDirectory} /v/sub`);
      expect((await docker().run(['cp', `${name}:/x/dockerd.json`, '-'])).stdout).not.toContain('data-root');
    });

    test('R9.1.13: docker cp through a path that is being swapped stays in the container', async () => {
      const swapper = await swapping(named(volumes));
      for (let round = 0; round < rounds; round += 1) {
        const { stdout } = await docker().run(['cp', `${swapper}:/v/a`, '-']);
        expect(stdout).not.toContain('dockerd.json');
        await docker().run(['cp', file, `${swapper}:/v/a/held`]);
      }
      await docker().run(['rm', '-f', swapper]);
    });

    test('D06, R9.3.7: of a volume path that is being swapped nothing but the volume is mounted', async () => {
      const data = named(volumes);
      const swapper = await swapping(data);
      const seen = new Set<string>();
      for (let round = 0; round < rounds; round += 1) {
        const mount = `type=volume,src=${data},dst=/x,volume-subpath=a`;
        const { status, stdout } = await run('--mount', mount, probe, 'ls', '/x');
        seen.add(status === 0 ? stdout : 'refused');
      }
      await docker().run(['rm', '-f', swapper]);
      expect([...seen].filter((listing) => !['refused', 'b'].includes(listing))).toEqual([]);
    });

    test('R9.3.7: a volume subpath does not leave its volume by a link', async () => {
      const data = named(volumes);
      await inVolume(data, `ln -s ${engineDirectory} /v/link; ln -s ../../../.. /v/up`);
      for (const path of ['link', 'link/dockerd.json', 'up']) {
        const mount = `type=volume,src=${data},dst=/x,volume-subpath=${path}`;
        const { stdout } = await run('--mount', mount, probe, 'sh', '-c', 'ls /x; cat /x; echo ran');
        expect([path, stdout]).not.toEqual([path, expect.stringContaining('ran')]);
      }
    });

    test('a mount target that is a link of the image stays in the root of the container', async () => {
      const maker = named(containers);
      const links = `ln -s ${engineDirectory} /data; ln -s /proc/self/attr /attr`;
      await docker().ok(['run', '--name', maker, probe, 'sh', '-c', links]);
      const image = named(images);
      await docker().ok(['commit', maker, image]);
      const data = named(volumes);
      await run('-v', `${data}:/data`, image, 'touch', '/data/held');
      expect(await inVolume(data, 'ls /v')).toBe('held');
      const { status, stdout } = await run('-v', `${data}:/attr`, image, 'echo', 'ran');
      expect([status === 0, stdout]).toEqual([false, '']);
    });

    test('B15, R9.1.2: no descriptor leads out of the container (CVE-2024-21626)', async () => {
      /* Whether the working directory lies in the root of the container, as that root tells. */
      const whereAmI =
        '[ "$(stat -c %d:%i ../../../../../../../..)" = "$(stat -c %d:%i /)" ] && echo inside || echo outside';
      for (const descriptor of [7, 8, 3, 5, 6, 9, 10, 12].slice(0, rounds)) {
        const flags = ['-w', `/proc/self/fd/${descriptor}`];
        const { status, stdout } = await run(...flags, probe, 'sh', '-c', whereAmI);
        expect([descriptor, status === 0 ? stdout : 'inside']).toEqual([descriptor, 'inside']);
      }
      const name = await start(probe, 'sleep', '600');
      const { stdout } = await docker().run(['exec', '-w', '/proc/self/fd/7', name, 'sh', '-c', whereAmI]);
      expect(stdout).not.toContain('outside');
      const script = 'for f in $(seq 3 40); do readlink /proc/self/fd/$f; done; ls /proc/1/fd';
      expect(await docker().ok(['exec', name, 'sh', '-c', script])).toBe('0\n1\n2');
    });

    /** The address is that of bulkheadd's own plug-in, whose answer tells that dockerd went there. */
    test.each(['-d', '--ipam-driver'])(
      'a plug-in that a container left in a volume is no %s of a network',
      async (option) => {
        const data = named(volumes);
        await inVolume(data, 'echo unix:///run/docker/plugins/bulkhead.sock > /v/x.spec');
        const driver = `../../../var/lib/docker/volumes/${data}/_data/x`;
        const made = await docker().run(['network', 'create', option, driver, named(networks)]);
        expect(made.status).not.toBe(0);
        expect(made.stderr).not.toContain('does not implement');
        expect(made.stderr).toContain('rule network-drivers refuses');
      },
    );

    test.each([
      ['macvlan', 'parent=docker0', 'rule network-drivers refuses the network option parent'],
      ['ipvlan', 'parent=docker0', 'rule network-drivers refuses the network option parent'],
      ['bridge', 'com.docker.network.bridge.name=lo', ''],
    ])('a network of driver %s takes over no interface of the VM', async (driver, option, words) => {
      const made = await docker().run(['network', 'create', '-d', driver, '-o', option, named(networks)]);
      expect(made.status).not.toBe(0);
      expect(made.stderr).toContain(words);
    });
  });
}
