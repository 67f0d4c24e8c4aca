import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { talk } from '../../support/raw-http.ts';
import { tarArchive } from '../../support/tar-archive.ts';

/** Scripts that speak to the engine with nothing but curl. */
const docker = createDocker(inject('dockerHost'));
const socket = docker.socket;
const containers: string[] = [];
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-curl-'));
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...containers]);
  await rm(dir, { recursive: true });
});
/** The headers as well; stdin is closed. */
const verbose = async (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  execa('/usr/bin/curl', ['-sS', '-v', '--unix-socket', socket, ...args], { timeout: 30_000 });
/** What curl prints, the status and the count of connections it made last. */
const curl = async (...args: string[]): Promise<string> => {
  const write = ['-w', ' %{http_code} %{num_connects}\\n'];
  const { stdout } = await execa('/usr/bin/curl', ['-sS', '--unix-socket', socket, ...write, ...args], {
    reject: false,
  });
  return stdout;
};
const create = async (): Promise<string> => {
  const name = unique('curl');
  containers.push(name);
  const body = JSON.stringify({ Image: probe, Cmd: ['sleep', '600'] });
  const made = await curl('--json', body, `http://docker/v1.51/containers/create?name=${name}`);
  expect(made).toMatch(/ 201 1$/);
  return name;
};

test('GET, HEAD, and several requests on one connection', async () => {
  expect(await curl('http://docker/_ping')).toBe('OK 200 1');
  expect(await curl('-I', 'http://docker/_ping')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]* 200 1$/);
  const urls = ['_ping', 'v1.51/_ping', 'v1.51/version', 'no-such-endpoint', '_ping'];
  const answers = await curl(...urls.map((path) => `http://docker/${path}`));
  expect(answers.match(/ (\d{3}) \d$/gm)?.slice(0, 3)).toEqual([' 200 1', ' 200 0', ' 200 0']);
  expect(answers).toMatch(/OK 200 \d$/);
});

test('POST with a body, without one, with an empty one, and DELETE', async () => {
  const name = await create();
  const container = `http://docker/v1.51/containers/${name}`;
  expect(await curl('-X', 'POST', `${container}/start`)).toBe(' 204 1');
  expect(await curl('-d', '', `${container}/start`)).toBe(' 304 1');
  expect(await curl('--json', '{"AttachStdout":true,"Cmd":["true"]}', `${container}/exec`)).toMatch(
    /"Id".* 201 1$/s,
  );
  expect(await curl('-X', 'DELETE', `${container}?force=1`)).toBe(' 204 1');
});

test('an upload of unknown length, and of a known one, arrives whole', async () => {
  const name = await create();
  const content = 'x'.repeat(300_000);
  await writeFile(join(dir, 'a.tar'), tarArchive([{ name: 'big', content, uid: 7, mode: 0o640 }]));
  const target = `http://docker/v1.51/containers/${name}/archive?path=/`;
  expect(await curl('-T', join(dir, 'a.tar'), target)).toBe(' 200 1');
  const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', '-T', join(dir, 'a.tar'), target];
  expect(await curl(...chunked)).toBe(' 200 1');
  await execa('/usr/bin/curl', ['-sS', '--unix-socket', socket, '-o', join(dir, 'b.tar'), `${target}big`]);
  const { stdout } = await execa('tar', ['-tvf', join(dir, 'b.tar')]);
  expect(stdout).toMatch(/^-rw-r----- 7\/0 +300000 .* big$/);
});

test('Expect: 100-continue is answered before the body is sent, and a refusal instead of it', async () => {
  const name = await create();
  await writeFile(join(dir, 'c.tar'), tarArchive([{ name: 'expected', content: 'sent' }]));
  // Without an answer curl would wait so long.
  const upload = ['-H', 'Expect: 100-continue', '--expect100-timeout', '25', '-T', join(dir, 'c.tar')];
  const target = (of: string): string => `http://docker/v1.51/containers/${of}/archive?path=/`;
  for (const flags of [[], ['-H', 'Transfer-Encoding: chunked']]) {
    const begun = performance.now();
    const { stderr } = await verbose(...flags, ...upload, target(name));
    expect(stderr).toMatch(/< HTTP\/1\.1 100 Continue[^]*< HTTP\/1\.1 200 OK/);
    expect(performance.now() - begun).toBeLessThan(20_000);
  }
  expect(await curl('-X', 'HEAD', '-I', `${target(name)}expected`)).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[^]*X-Docker-Container-Path-Stat: [^]* 200 1$/i,
  );
  expect((await verbose(...upload, target('none-such'))).stderr).toMatch(/< HTTP\/1\.1 404 /);
});

test('one connection for requests of every kind, one after the other', async () => {
  const name = await create();
  const container = `http://docker/v1.51/containers/${name}`;
  await writeFile(join(dir, 'd.tar'), tarArchive([{ name: 'reused', content: 'r' }]));
  const requests = [
    ['-X', 'POST', `${container}/start`],
    [`${container}/json`],
    ['-I', `${container}/archive?path=/etc`],
    ['-T', join(dir, 'd.tar'), `${container}/archive?path=/`],
    [`${container}/archive?path=/reused`],
    ['-X', 'DELETE', `${container}?force=1`],
  ];
  const each = ['--unix-socket', socket, '-w', '%{http_code} %{num_connects}\\n', '-o', '/dev/null'];
  const { stdout } = await execa('/usr/bin/curl', [
    '-sS',
    ...requests.flatMap((request, at) => [...(at === 0 ? [] : ['--next']), ...each, ...request]),
  ]);
  expect(stdout.split('\n')).toEqual(['204 1', '200 0', '200 0', '200 0', '200 0', '204 0']);
});

test('exec with an upgrade of the connection, and without', async () => {
  const name = await create();
  const api = 'http://docker/v1.51';
  await curl('-X', 'POST', `${api}/containers/${name}/start`);
  const body = { AttachStdout: true, AttachStderr: true, Tty: true, Cmd: ['sh', '-c', 'tty; echo executed'] };
  for (const [flags, status] of [
    [['-H', 'Connection: Upgrade', '-H', 'Upgrade: tcp'], '101 UPGRADED'],
    [[], '200 OK'],
  ] as const) {
    const made: unknown = JSON.parse(
      (await verbose('--json', JSON.stringify(body), `${api}/containers/${name}/exec`)).stdout,
    );
    const { Id } = z.object({ Id: z.string() }).parse(made);
    const { stdout, stderr } = await verbose(...flags, '--json', '{"Tty":true}', `${api}/exec/${Id}/start`);
    expect(stderr).toContain(`< HTTP/1.1 ${status}`);
    expect(stdout).toMatch(/^\/dev\/pts\/\d+\r\nexecuted\r?$/);
  }
});

test('HTTP/1.0 and HTTP/2 without an upgrade are refused, and the answer says why', async () => {
  expect(await curl('--http1.0', 'http://docker/_ping')).toMatch(
    /HTTP\/1\.1.*HTTP\/1\.0.*BH_GATE_HTTP.* 400 1$/s,
  );
  // Such a client shows no answer in HTTP/1.1; whoever looks at the bytes reads why.
  expect(await curl('--http2-prior-knowledge', 'http://docker/_ping')).toBe(' 000 1');
  const preface = await talk(socket, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']);
  expect(preface).toMatch(/^HTTP\/1\.1 400 .*it is not HTTP\/1\.1 but HTTP\/2\.0/s);
  // An upgrade that the engine need not take is left out, and the request is served.
  expect(await curl('--http2', 'http://docker/_ping')).toBe('OK 200 1');
});
