import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { hostileRequests } from '../../src/gate/http/hostile.test-support.ts';
import { createDocker, probe, unique } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { peakMemory, resetPeakMemory } from '../support/process-figures.ts';
import { talk } from '../support/raw-http.ts';

const docker = createDocker(inject('dockerHost'));
const gate = docker.socket;

/** The gate between a client that sends what it likes and the real dockerd. Each rule is also looked at from behind the gate. */
describe('the API gate', () => {
  let dockerd: string;
  const names: string[] = [];
  beforeAll(async () => {
    dockerd = (await engineInternals(inject('enginePid'))).rawSocket;
  });
  afterAll(async () => {
    await docker.run(['rm', '-f', ...names]);
  });
  const named = (): string => {
    const name = unique('gate');
    names.push(name);
    return name;
  };
  const exists = async (name: string): Promise<boolean> =>
    (await docker.run(['container', 'inspect', name])).status === 0;
  const create = (name: string, body: string = JSON.stringify({ Image: probe, Cmd: ['true'] })): string =>
    [
      `POST /v1.51/containers/create?name=${name} HTTP/1.1`,
      'Host: x',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      Buffer.from(body).toString('latin1'),
    ].join('\r\n');
  const statuses = (text: string): string[] =>
    [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code = '']) => code);

  test('what cannot be read with certainty gets one answer, and what follows it none', async () => {
    const name = named();
    for (const [what, text] of Object.entries(hostileRequests)) {
      const answer = await talk(gate, [text, create(name)]);
      expect([what, ...statuses(answer)]).toEqual([what, '400']);
      expect(answer).toContain('BH_GATE_HTTP');
    }
    expect(await exists(name)).toBe(false);
  });

  test('a copy that is broken off is not kept in the memory of dockerd', async () => {
    const name = named();
    await docker.ok(['run', '-d', '--name', name, probe, 'sh', '-c', 'truncate -s 1G /big; sleep 600']);
    await docker.ok(['exec', name, 'sh', '-c', 'until [ -e /big ]; do sleep 0.1; done']);
    const pid = await (await engineInternals(inject('enginePid'))).pidOf('dockerd');
    if (pid === undefined) throw new Error('there is no dockerd');
    await resetPeakMemory(pid);
    const before = await peakMemory(pid);
    const request = `GET /v1.51/containers/${name}/archive?path=/big HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await talk(gate, [request], /\r\n\r\n/)).toContain('200 OK');
    // It waits for the container's lock, which the copy holds to its end.
    await docker.ok(['rm', '-f', name]);
    expect((await peakMemory(pid)) - before).toBeLessThan(512);
  }, 60_000);

  test('empty lines of a container do not fill the memory of dockerd', async () => {
    const name = named();
    const pid = await (await engineInternals(inject('enginePid'))).pidOf('dockerd');
    if (pid === undefined) throw new Error('there is no dockerd');
    await resetPeakMemory(pid);
    const before = await peakMemory(pid);
    const log = ['--log-opt', 'mode=non-blocking', '--log-opt', 'max-size=1m'];
    await docker.ok(['run', '-d', '--name', name, ...log, probe, 'sh', '-c', "yes '' | head -c 1500000"]);
    await docker.ok(['wait', name]);
    expect((await peakMemory(pid)) - before).toBeLessThan(96);
    expect(await docker.ok(['inspect', '-f', '{{.HostConfig.LogConfig.Config}}', name])).toBe(
      'map[max-size:1m]',
    );
  }, 60_000);

  test('a log has no more files than dockerd can look for at each rotation', async () => {
    const log = (files: string): string[] => ['--log-opt', 'max-size=1k', '--log-opt', `max-file=${files}`];
    const refused = named();
    // Served, and once its log has rotated, it could not be removed for half an hour, nor could dockerd be ended in order.
    const { status, stderr } = await docker.run(['create', '--name', refused, ...log('2000000000'), probe]);
    expect([status, await exists(refused)]).toEqual([1, false]);
    expect(stderr).toContain('rule log-drivers refuses a log of 2000000000 files');
    const direct = JSON.stringify({
      Image: probe,
      HostConfig: { LogConfig: { Type: 'local', Config: { 'max-file': '1001' } } },
    });
    expect(await talk(dockerd, [create(refused, direct)], /\}/)).toContain('refuses a log of 1001 files');
    const served = named();
    await docker.ok(['run', '--name', served, ...log('1000'), probe, 'seq', '300']);
    await docker.ok(['rm', served]);
  }, 60_000);

  const failing = (connection: string): string =>
    [
      'POST /v1.51/exec/no-such-exec/start HTTP/1.1',
      'Host: x',
      `Connection: ${connection}`,
      'Upgrade: tcp',
      'Content-Type: application/json',
      'Content-Length: 2',
      '',
      '{}',
    ].join('\r\n');

  test.each(['in one piece', 'in two'])(
    'what follows a failed takeover is no request, sent %s',
    async (how) => {
      const name = named();
      const [first, second] = [failing('Upgrade'), create(name)];
      const answer = await talk(gate, how === 'in two' ? [first, second] : [first + second]);
      expect(statuses(answer)).toEqual(['404']);
      expect(await exists(name)).toBe(false);
    },
  );

  test('dockerd itself would serve it, unless it is told to close as the gate does', async () => {
    const [served, closed] = [named(), named()];
    const both = await talk(dockerd, [failing('Upgrade') + create(served)], /201 Created[^]*\}/);
    expect([statuses(both), await exists(served)]).toEqual([['404', '201'], true]);
    const one = await talk(dockerd, [failing('close, upgrade') + create(closed)]);
    expect([statuses(one), await exists(closed)]).toEqual([['404'], false]);
  });

  test('an Upgrade dockerd was not asked for opens nothing', async () => {
    const name = named();
    const text = `GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n`;
    const answer = await talk(gate, [text + create(name)], /201 Created[^]*\}/);
    expect(statuses(answer)).toEqual(['200', '201']);
  });

  const inspectRuntime = async (name: string): Promise<string> =>
    docker.ok(['inspect', '-f', '{{.HostConfig.Runtime}}', name]);

  test.each([
    ['HostConfig', 'Runtime'],
    ['hostconfig', 'runtime'],
    ['HOSTCONFIG', 'RUNTIME'],
    ['ho\u017Ftconfig', 'runTime'],
    ['Host\\u0043onfig', 'R\\u0075ntime'],
  ])(
    'A06: {"%s":{"%s":"runc"}} becomes the isolated runtime, each of two sent together',
    async (outer, inner) => {
      const [first, second, past] = [named(), named(), named()];
      const body = `{"Image":"${probe}","Cmd":["true"],"${outer}":{"${inner}":"runc","Memory":9223372036854771712}}`;
      const answer = await talk(gate, [create(first, body) + create(second, body)], /(201 Created[^]*){2}\}/);
      expect(statuses(answer)).toEqual(['201', '201']);
      expect(await inspectRuntime(first)).toBe('bulkhead');
      expect(await inspectRuntime(second)).toBe('bulkhead');
      expect(await docker.ok(['inspect', '-f', '{{.HostConfig.Memory}}', first])).toBe('9223372036854771712');
      // Behind the gate dockerd takes every one of these spellings, and keeps the name.
      await talk(dockerd, [create(past, body)], /201 Created[^]*\}/);
      expect(await inspectRuntime(past)).toBe('runc');
    },
  );

  test('a key twice in two spellings is refused', async () => {
    const name = named();
    const body = `{"Image":"${probe}","HostConfig":{"Runtime":"bulkhead","runtime":"runc"}}`;
    const answer = await talk(gate, [create(name, body)]);
    expect([statuses(answer), await exists(name)]).toEqual([['403'], false]);
  });
});
