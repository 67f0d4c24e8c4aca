import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { disjoint, parseIdMap } from '../support/id-map.ts';

/** Rows A01 to A04, A08, A10 and C09 of the acceptance table: who a container is. */
export function identityRows(docker: () => Docker): void {
  describe('identity', () => {
    const containers: string[] = [];
    afterAll(async () => {
      if (containers.length > 0) await docker().run(['rm', '-f', ...containers]);
    });

    test.each([
      ['A01', 'uid_map', []],
      ['A02', 'gid_map', []],
      ['A03', 'uid_map', ['--privileged']],
    ])('%s: /proc/self/%s %j shows a range of the container alone', async (_row, file, flags) => {
      const map = parseIdMap(
        await docker().ok(['run', '--rm', ...flags, probe, 'cat', `/proc/self/${file}`]),
      );
      expect(map.inside).toBe(0);
      expect(map.size).toBe(65_536);
      expect(map.base).toBeGreaterThanOrEqual(100_000);
      expect((map.base - 100_000) % 65_536).toBe(0);
    });

    test('A04: two containers at once have ranges that do not meet', async () => {
      const names = [unique('a04'), unique('a04')];
      containers.push(...names);
      const maps = [];
      for (const name of names) {
        await docker().ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
        maps.push(parseIdMap(await docker().ok(['exec', name, 'cat', '/proc/self/uid_map'])));
      }
      const [first, second] = maps;
      if (first === undefined || second === undefined) throw new Error('two maps were read');
      expect(disjoint(first, second)).toBe(true);
    });

    test('A08: inspect names the isolated runtime', async () => {
      const name = unique('a08');
      containers.push(name);
      await docker().ok(['create', '--name', name, probe, 'true']);
      expect(await docker().ok(['inspect', '-f', '{{.HostConfig.Runtime}}', name])).toBe('bulkhead');
    });

    test('C09: the uptime of a container is its own, from its start on and in exec, too', async () => {
      const name = unique('c09');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
      const started = performance.now();
      const uptime = Number((await docker().ok(['exec', name, 'cat', '/proc/uptime'])).split(' ')[0]);
      /* The clock of the test starts later than the container, by no more than `docker run` took. */
      expect(uptime).toBeGreaterThanOrEqual(0);
      expect(uptime).toBeLessThan((performance.now() - started) / 1000 + 60);
      expect(await docker().ok(['exec', name, 'date', '+%Y'])).toBe(String(new Date().getFullYear()));
    });

    test('A10: a container stopped and started again keeps its files and its volume', async () => {
      const name = unique('a10');
      const volume = unique('a10-volume');
      containers.push(name);
      const script =
        'echo run >> /data/log; echo run >> /log; wc -l < /data/log; wc -l < /log; exec sleep 600';
      await docker().ok(['run', '-d', '--name', name, '-v', `${volume}:/data`, probe, 'sh', '-c', script]);
      await docker().ok(['stop', '-t', '1', name]);
      await docker().ok(['start', name]);
      expect(await docker().ok(['exec', name, 'sh', '-c', 'cat /data/log /log | wc -l'])).toBe('4');
      expect(await docker().ok(['exec', name, 'stat', '-c', '%u:%g', '/data/log', '/log'])).toBe('0:0\n0:0');
      await docker().ok(['rm', '-f', name]);
      await docker().ok(['volume', 'rm', volume]);
    });
  });
}
