import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { callEngine } from '../../support/engine-api.ts';
import { eventually } from '../../support/eventually.ts';
import { disjoint, parseIdMap } from '../../support/id-map.ts';
import { talk } from '../../support/raw-http.ts';
import { socketBind, type SocketMachine } from './machine.ts';

/** What a container with the socket may ask for, and for how long. Its container is gone afterwards. */
export function commandRows(machine: SocketMachine): void {
  test('E12, E17: denied commands are answered 403, by the client in the container as well', async () => {
    const pushed = await machine.docker.run(['exec', machine.holder.name, 'docker', 'push', 'x']);
    expect(pushed.stderr).toMatch(
      /docker command "\/v1\.\d+\/images\/docker\.io\/library\/x\/push\?tag=latest" is blocked/,
    );
    expect(pushed.stderr).toContain('Ada Lovelace');
    for (const [method, path] of [
      ['POST', '/v1.43/images/x/push?tag=latest'],
      ['POST', '/v1.43/plugins/pull?remote=x'],
      ['GET', '/v1.43/plugins'],
      ['POST', '/v1.43/auth'],
    ] as const) {
      const { status, text } = await callEngine(machine.holder.socket, { method, path, body: {} });
      expect([path, status]).toEqual([path, 403]);
      expect(text).toContain(
        JSON.stringify(
          `docker command "${path}" is blocked; if you wish to allow it, configure the docker socket command list`,
        ).slice(1, -1),
      );
    }
    const installed = await machine.docker.run(['exec', machine.holder.name, 'docker', 'plugin', 'ls']);
    expect(installed.stderr).toContain('is blocked');
  });

  test.each([
    ['an encoded letter', 'POST /v1.43/%69mages/x/push HTTP/1.1', '', 403],
    ['an encoded slash', 'POST /v1.43/images%2fx%2Fpush HTTP/1.1', '', 403],
    ['no version', 'POST /images/x/push?tag=latest HTTP/1.1', '', 403],
    ['an older version', 'POST /v1.24/images/x/push HTTP/1.1', '', 403],
    ['a body in chunks', 'POST /v1.43/images/x/push HTTP/1.1', 'Transfer-Encoding: chunked\r\n', 403],
    ['an upgrade', 'POST /v1.43/images/x/push HTTP/1.1', 'Connection: Upgrade\r\nUpgrade: h2c\r\n', 403],
    ['a doubled slash', 'POST //v1.43/images/x/push HTTP/1.1', '', 400],
    ['dot segments', 'POST /v1.43/images/../images/x/push HTTP/1.1', '', 400],
    ['encoded dot segments', 'POST /v1.43/images/%2e%2e/images/x/push HTTP/1.1', '', 400],
    ['another case', 'POST /v1.43/IMAGES/x/push HTTP/1.1', '', 404],
    ['HTTP/2 from the start', 'PRI * HTTP/2.0', '', 400],
  ])('E13: %s does not get it past the rule', async (_what, line, fields, status) => {
    const body = fields.startsWith('Transfer') ? '0\r\n\r\n' : '';
    const said = await talk(machine.holder.socket, [`${line}\r\nHost: x\r\n${fields}\r\n${body}`]);
    expect(said.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(said.includes('is blocked')).toBe(status === 403);
  });

  test('E15: what is made through the socket is isolated, and has no socket of its own', async () => {
    const script =
      'docker run --rm --privileged bulkhead/probe cat /proc/self/uid_map; cat /proc/self/uid_map';
    const { stdout } = await machine.docker.run(['exec', machine.holder.name, 'sh', '-c', script]);
    const [inner = '', outer = ''] = stdout.split('\n');
    expect(parseIdMap(inner).base).toBeGreaterThanOrEqual(100_000);
    expect(disjoint(parseIdMap(inner), parseIdMap(outer))).toBe(true);
    const again = ['docker', 'run', '--rm', ...socketBind, 'bulkhead/probe', 'true'];
    const { status, stderr } = await machine.docker.run(['exec', machine.holder.name, ...again]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/bulkhead/probe"',
    );
    const allowed = ['docker', 'run', '--rm', ...socketBind, machine.cli(), 'docker', 'push', 'x'];
    expect((await machine.docker.run(['exec', machine.holder.name, ...allowed])).stderr).toContain(
      'is blocked',
    );
  });

  test.each(['/', '/etc', '/var/lib/docker', '/run/docker/docker.sock'])(
    'E16: through the socket the VM cannot be bound: %s',
    async (source) => {
      const command = ['docker', 'run', '--rm', '-v', `${source}:/vm`, 'bulkhead/probe', 'ls', '/vm'];
      const { status, stderr } = await machine.docker.run(['exec', machine.holder.name, ...command]);
      expect(status).not.toBe(0);
      expect(stderr).toContain('restricted host mount');
    },
  );

  test("the developer's own socket has no list of commands", async () => {
    const { stderr } = await machine.docker.run(['push', '-q', machine.registry.named('tools/none')]);
    expect(stderr).not.toContain('is blocked');
    expect(stderr).toContain('does not exist');
  });

  test('E18: the list is active after each part was killed and the container was started again', async () => {
    const push = async (): Promise<string> => {
      const { stderr } = await machine.docker.run(['exec', machine.holder.name, 'docker', 'push', 'x']);
      return stderr;
    };
    const listed = async (): Promise<string> => {
      const { name } = machine.holder;
      return machine.docker.ok(['exec', name, 'docker', 'ps', '-q', '--filter', `name=${name}`]);
    };
    for (const service of ['bulkheadd', 'dockerd'] as const) {
      await machine.internals.replace(service);
      await eventually(async () => expect(await push()).toContain('is blocked'), 60_000);
      expect(await listed()).not.toBe('');
    }
    await machine.docker.ok(['restart', '-t', '0', machine.holder.name]);
    expect(await push()).toContain('is blocked');
    expect(await listed()).not.toBe('');
  }, 180_000);

  test('the socket goes with the container', async () => {
    await machine.docker.ok(['rm', '-f', machine.holder.name]);
    await eventually(async () => {
      expect(await readdir(machine.internals.path('/run/bulkhead/sockets'))).toEqual([]);
    }, 30_000);
  });
}
