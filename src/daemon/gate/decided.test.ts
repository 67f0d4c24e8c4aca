import { expect, test } from 'vitest';
import { readAll } from '../../channel/test-support/streams.js';
import { startGate } from './engine-double.test-support.js';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

const json = (method: string, path: string, body: string, ...fields: readonly string[]): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: x',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...fields,
    '',
    body,
  ].join('\r\n');

test.each([
  ['POST', '/containers/create', '{"Image":"a"}'],
  ['POST', '/v1.51/containers/a/exec', '{"Cmd":["x"]}'],
  ['POST', '/containers/a/update', '{"Memory":9223372036854775807}'],
  ['POST', '/exec/a/start', '{"Detach":false}'],
  ['POST', '/commit?container=a', 'null'],
  ['POST', '/networks/create', '{"Name":"a"}'],
  ['POST', '/networks/a/connect', '{"Container":"b"}'],
  ['POST', '/networks/a/disconnect', '{"Container":"b"}'],
  ['POST', '/auth', '{"username":"a"}'],
  ['POST', '/volumes/create', '{"Name":"a"}'],
  ['PUT', '/volumes/a?version=1', '{}'],
])('%s %s: its JSON is read, and written anew', async (method, path, body) => {
  const { near, received, whenReceived } = await startGate();
  near.write(json(method, path, `\n ${body} `));
  await whenReceived(/\r\n\r\n./);
  const rest = received().split('\r\n\r\n')[1];
  expect(rest).toBe(
    path.endsWith('create') && path.startsWith('/c')
      ? '{"Image":"a","HostConfig":{"Runtime":"bulkhead"}}'
      : body,
  );
  const other = await startGate();
  other.near.write(json(method, path, '{"a":1,"A":2}'));
  expect(String(await readAll(other.near))).toMatch(/^HTTP\/1\.1 403 [^]*the key a twice.*BH_GATE_BODY/);
  expect(other.received()).toBe('');
});

test('where the body decides nothing there may be none', async () => {
  const { near, received, whenReceived } = await startGate();
  near.write(json('POST', '/exec/a/start', ''));
  await whenReceived(/\r\n\r\n/);
  expect(received()).toContain('content-length: 0\r\n');
  const other = await startGate();
  other.near.write(json('POST', '/volumes/create', ''));
  expect(String(await readAll(other.near))).toContain('BH_GATE_BODY');
});

test.each([
  [get('/containers/a%3Fx/top?ps_args=-eo%20rss%3DPID,args'), 'BH_GATE_PROCESS_LIST'],
  [
    `POST /containers/a%3F/rename?name=${'a'.repeat(64)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'BH_GATE_CONTAINER_NAME',
  ],
  [json('POST', '/volumes/create', '{"Driver":"nfs"}'), 'BH_GATE_VOLUME'],
  [json('POST', '/containers/create', '{"HostConfig":{"Binds":["/etc:/e"]}}'), 'BH_GATE_MOUNT'],
  [json('POST', '/containers/create', '{"Labels":{"\\ud800":"a"}}'), 'half a surrogate pair'],
  [json('POST', '/networks/create', '{"Driver":"../../x"}'), 'BH_GATE_NETWORK'],
  [get('/containers/a/top?ps_args=-o%20rss=PID'), 'BH_GATE_PROCESS_LIST'],
  [get('/debug/pprof/heap'), 'BH_GATE_ENDPOINT'],
  [json('POST', '/swarm/init', '{}'), 'BH_GATE_ENDPOINT'],
  [get('/v1.52/info'), 'Maximum supported API version is 1.51'],
  [get('/containers'), 'BH_GATE_UNKNOWN_ENDPOINT'],
])('the gate decides by itself: %j is refused', async (request, text) => {
  const { near, received } = await startGate();
  near.write(request);
  expect(String(await readAll(near))).toContain(text);
  expect(received()).toBe('');
});

test('who judges bodies sees what the gate has edited, and edits it further', async () => {
  const { near, received, whenReceived } = await startGate({
    judgeBody: ({ operation }, body) => {
      body.setHostConfig('Seen', `${operation.id} ${String(body.hostConfig('Runtime'))}`);
      return undefined;
    },
  });
  near.write(json('POST', '/containers/create', '{}'));
  await whenReceived(/\}\}$/);
  expect(received()).toContain('{"HostConfig":{"Runtime":"bulkhead","Seen":"ContainerCreate bulkhead"}}');
});

test('to HEAD a refusal has no body', async () => {
  const { near, received } = await startGate();
  near.write('HEAD /info HTTP/1.1\r\nHost: x\r\n\r\n');
  const text = String(await readAll(near));
  expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*content-length: [1-9][^]*\r\n\r\n$/);
  expect(received()).toBe('');
});
