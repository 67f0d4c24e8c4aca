import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';
import { transferRows } from '../support/transfer.ts';

/** What a client does with the forwarded socket, all of it through virtio-serial to the real engine. */
const { dockerHost, dockerSocket } = instanceAt(inject('instance'));
const docker = createDocker(dockerHost);
const containers: string[] = [];
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-channel-'));
});
afterEach(() => rm(dir, { recursive: true }));
afterAll(() => docker.run(['rm', '-f', ...containers]));

async function start(script: string): Promise<string> {
  const name = unique('channel');
  containers.push(name);
  await docker.ok(['run', '-d', '--name', name, probe, 'sh', '-c', script]);
  return name;
}

/** One request on a connection of its own; resolves with the head of the answer. */
function ask(path: string): Promise<IncomingMessage> {
  const message = request({ socketPath: dockerSocket, path, agent: false });
  message.end();
  return new Promise((resolve, reject) => {
    message.once('response', resolve);
    message.once('error', reject);
  });
}

async function body(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(response, 'end');
  return text;
}

test('logs -f shows a line that is written after it began', async () => {
  // Opened once: a shell that opens it for each line sees the end of the word before, whose writer has not closed it yet, and ends.
  const name = await start(
    'mkfifo /go; exec 3<>/go; echo early; while read line <&3; do echo "got $line"; done',
  );
  const response = await ask(`/containers/${name}/logs?follow=1&stdout=1`);
  let seen = '';
  response.on('data', (chunk: Buffer) => (seen += String(chunk)));
  const saw = async (text: string): Promise<void> => {
    while (!seen.includes(text)) await once(response, 'data', { signal: AbortSignal.timeout(120_000) });
  };
  await saw('early');
  for (const word of ['one', 'two']) {
    await docker.ok(['exec', name, 'sh', '-c', `echo ${word} > /go`]);
    await saw(`got ${word}`);
  }
  expect(seen.match(/got \w+/g)).toEqual(['got one', 'got two']);
  response.destroy();
});

test('run -i: the end of the input reaches the container, and its answer still comes back', async () => {
  const input = 'x'.repeat(3_000_000);
  expect(await docker.ok(['run', '--rm', '-i', probe, 'wc', '-c'], { input })).toBe('3000000');
});

test('cp both ways keeps every byte', async () => {
  const name = await start('exec sleep 600');
  const bytes = randomBytes(5_000_000);
  await writeFile(join(dir, 'there'), bytes);
  await docker.ok(['cp', join(dir, 'there'), `${name}:/there`]);
  await docker.ok(['cp', `${name}:/there`, join(dir, 'back')]);
  expect(Buffer.compare(await readFile(join(dir, 'back')), bytes)).toBe(0);
});

test.each([
  ['BuildKit', '1'],
  ['the classic builder', '0'],
])('build with %s and a context of 8 MB', async (_name, buildkit) => {
  await writeFile(join(dir, 'Dockerfile'), `FROM ${probe}\nCOPY bytes /bytes\nRUN wc -c < /bytes > /count\n`);
  await writeFile(join(dir, 'bytes'), randomBytes(8_000_000));
  const image = unique('channel-built');
  await docker.ok(['build', '-t', image, dir], { env: { DOCKER_BUILDKIT: buildkit } });
  expect(await docker.ok(['run', '--rm', image, 'cat', '/count'])).toBe('8000000');
  await docker.ok(['rmi', '-f', image]);
});

/** Whether a stream says this before it ends; in how many pieces is left to those who carry it. */
async function hears(stream: AsyncIterable<unknown>, word: string): Promise<boolean> {
  let said = '';
  for await (const piece of stream) {
    said += String(piece);
    if (said.includes(word)) return true;
  }
  return false;
}

describe('many at once', () => {
  test('200 connections that stay open, and each sees the same event', async () => {
    const streams = await Promise.all(
      Array.from({ length: 200 }, () => ask('/events?filters={"type":["volume"]}')),
    );
    const refused = streams.filter(({ statusCode }) => statusCode !== 200);
    expect(await Promise.all(refused.map(body))).toEqual([]);
    const volume = unique('event');
    const heard = Promise.all(streams.map(async (stream) => hears(stream, volume)));
    await docker.ok(['volume', 'create', volume]);
    expect((await heard).filter((hasHeard) => hasHeard)).toHaveLength(200);
    await docker.ok(['volume', 'rm', volume]);
    for (const stream of streams) stream.destroy();
  });

  test('200 requests at once, each with an answer of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, async () => body(await ask('/version'))));
    expect(answers.filter((answer) => answer.includes('"ApiVersion"'))).toHaveLength(200);
  });

  test('a reader that never reads does not hold up twenty others', async () => {
    const name = await start('yes $(printf %01000d 0) | head -c 16000000; exec sleep 600');
    const stalled = await ask(`/containers/${name}/logs?follow=1&stdout=1`);
    stalled.pause().setEncoding('latin1');
    const calls = Array.from({ length: 20 }, async () => body(await ask('/containers/json')));
    const names = await Promise.all(calls);
    expect(names.filter((answer) => answer.includes(name))).toHaveLength(20);
    expect(await docker.ok(['run', '--rm', probe, 'echo', 'done'])).toBe('done');
    // It was stalled, not finished: there is more than what lay in buffers on the way.
    let bytes = 0;
    for await (const chunk of stalled) {
      bytes += Buffer.byteLength(String(chunk), 'latin1');
      if (bytes >= 16_000_000) break;
    }
    expect(bytes).toBeGreaterThanOrEqual(16_000_000);
  });
});

/*
 * Under TCG the engine takes 20 to 60 s for each 256 MiB it imports, saves or loads (measured), most of it hashing in the emulated
 * processor. 96 MiB are more than all buffers on the way; 1 GiB by the same code: test/engine/transfer.test.ts.
 */
transferRows(() => docker, 96, 180_000);
