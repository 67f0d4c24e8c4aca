import { duplexPair, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../src/common/log.ts';
import type { Exchange } from '../../src/daemon/gate/exchange.ts';
import { noHooks } from '../../src/daemon/gate/engine-double.test-support.ts';
import { passGate } from '../../src/daemon/gate/pass-gate.ts';
import { developer } from '../../src/gate/caller.ts';
import { type EngineJson, foldKey, readEngineJson } from '../../src/gate/engine-json.ts';
import { enginePath } from '../../src/gate/engine-path.ts';
import { asObject, objectAt, textAt } from '../../src/gate/fields.ts';
import { requestIdHeader } from '../../src/gate/http/request-head.ts';
import { queryValues } from '../../src/gate/query.ts';
import type { RequestBody } from '../../src/gate/request-body.ts';
import {
  type AskedRequest,
  type AuthorizationRecorder,
  recordAuthorization,
} from '../support/authorization-recorder.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { talk } from '../support/raw-http.ts';
import { type Echo, type FuzzedRequest, fuzzedRequest } from '../support/fuzzed-requests.ts';

/** Cases of a long run; otherwise as many as there is time for. */
const longRun = Number(process.env['BULKHEAD_FUZZ'] ?? 0);
const shortRunMs = 12_000;

/** What the gate made of a request, up to where it let it pass. */
interface Reading {
  readonly exchange: Exchange;
  body?: RequestBody;
}

const docker = createDocker(inject('dockerHost'));
const log = createLogger('fuzz', new Writable({ write: (_chunk, _encoding, done) => done() }));
let recorder: AuthorizationRecorder;
let engineSocket: string;

beforeAll(async () => {
  const internals = await engineInternals(inject('enginePid'));
  engineSocket = internals.rawSocket;
  recorder = await recordAuthorization(internals);
  await untilAsked();
}, 90_000);

afterAll(async () => {
  await recorder[Symbol.asyncDispose]();
  const left = (await docker.ok(['volume', 'ls', '-q']))
    .split('\n')
    .filter((name) => name.startsWith('fuzz'));
  if (left.length > 0) await docker.run(['volume', 'rm', '-f', ...left]);
}, 120_000);

/** Until dockerd, which was started again, is there. */
async function untilAsked(): Promise<void> {
  const ping = Buffer.from('GET /_ping HTTP/1.1\r\nHost: x\r\nUser-Agent: fuzz\r\nConnection: close\r\n\r\n');
  for (let tries = 0; tries < 60; tries += 1) {
    if ((await through(ping)).asked.length === 1) return;
    await delay(1000);
  }
  throw new Error('dockerd asks the plugin past the recorder');
}

/** Sends bytes through a gate of the test's own to the real dockerd, and hears of both what they read. */
async function through(
  bytes: Buffer,
): Promise<{ readings: Reading[]; asked: AskedRequest[]; answer: string }> {
  const readings: Reading[] = [];
  const [near, far] = duplexPair();
  const over = passGate(far, {
    engineSocket,
    caller: developer,
    log,
    hooks: {
      ...noHooks,
      judge: (exchange) => {
        readings.push({ exchange });
        return undefined;
      },
      judgeBody: (_exchange, body) => {
        const last = readings.at(-1);
        if (last !== undefined) last.body = body;
        return undefined;
      },
      witness: { ...noHooks.witness, newId: () => `fuzz-${(counts.requests += 1)}` },
    },
  });
  near.on('error', () => undefined);
  near.end(bytes);
  let answer = '';
  for await (const piece of near as AsyncIterable<Buffer>) answer += piece.toString();
  near.destroy();
  await over;
  // bulkheadd itself asks the engine, too, and never for what has this in its name.
  const ours = recorder
    .taken()
    .filter(({ target, headers, body }) =>
      /fuzz/i.test(`${target} ${JSON.stringify(headers)} ${String(body)}`),
    );
  return { readings, asked: ours, answer };
}

const counts = { requests: 0, cases: 0, asked: 0, refused: 0, echoed: 0, hidden: 0 };

/** By their ids, those of earlier cases as well: dockerd may ask about a request after its client has gone. */
const unasked = new Map<string, Reading>();

/** Each request dockerd asks about is one the gate has judged, in the same order, and read as the gate has read it. */
function compare(
  { echo, damaged }: FuzzedRequest,
  { readings, asked, answer }: Awaited<ReturnType<typeof through>>,
): void {
  counts.cases += 1;
  counts.asked += asked.length;
  if (answer.includes('(BH_GATE_')) counts.refused += 1;
  let next = 0;
  for (const reading of readings) unasked.set(reading.exchange.id, reading);
  for (const { method, target, body, headers } of asked) {
    const id = Object.entries(headers).find(([name]) => name.toLowerCase() === requestIdHeader)?.[1];
    const at = readings.findIndex(({ exchange }) => exchange.id === id);
    const reading = unasked.get(id ?? '');
    unasked.delete(id ?? '');
    if (reading === undefined || (at >= 0 && at < next))
      throw new Error(`dockerd read ${method} ${target}, which the gate has not judged`);
    next = Math.max(next, at + 1);
    const { exchange } = reading;
    expect([method, enginePath(target)]).toEqual([exchange.request.method, exchange.path]);
    expect(queryValues(target, 'limit')).toEqual(queryValues(`?${exchange.request.query ?? ''}`, 'limit'));
    const handedOn = body.length > 0 ? readEngineJson(String(body)).folded : undefined;
    expect(handedOn).toEqual(body.length > 0 ? reading.body?.folded : undefined);
  }
  // The second line refuses nothing the gate has let pass: both read alike.
  if (/authorization denied/.test(answer) && !/no JSON body/.test(answer))
    throw new Error(`refused by the second line alone: ${answer}`);
  const [first] = readings;
  if (first !== undefined && asked.length > 0 && !damaged) compareEcho(echo, first, answer);
}

const told = z.looseObject({
  message: z.string().optional(),
  Name: z.string().optional(),
  Labels: z.record(z.string(), z.string()).nullish(),
});

/** dockerd says the name, the value or the image it looked for: that its parsers found what the gate's found. */
function compareEcho(echo: Echo, { exchange, body }: Reading, answer: string): void {
  const [, text] =
    /\r\n\r\n(\{[^]*?\})(?:\n|$)/.exec(answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '')) ?? [];
  const parsed = told.safeParse(text === undefined ? {} : json(text));
  if (!parsed.success) return;
  const { message = '', Name, Labels } = parsed.data;
  const folded: EngineJson = body?.folded ?? new Map();
  const id = exchange.operation.parameters['id'] ?? '';
  switch (echo) {
    case 'container':
      if (!message.startsWith('No such container: ')) return;
      expect(message.slice('No such container: '.length)).toBe(id);
      break;
    case 'network':
      if (!/^network .* not found$/s.test(message)) return;
      expect(message.slice('network '.length, -' not found'.length)).toBe(id);
      break;
    case 'limit': {
      const [, value] = /parsing ("[^]*"): invalid syntax$/.exec(message) ?? [];
      if (value === undefined || /[^ -~]|\\/.test(value)) return;
      expect(value).toBe(JSON.stringify(queryValues(`?${exchange.request.query ?? ''}`, 'limit')[0]));
      break;
    }
    case 'image':
      if (!message.startsWith('No such image: ')) return;
      expect(message).toBe(`No such image: ${textAt(asObject(folded, 'the body'), 'image')}:latest`);
      break;
    case 'volume':
      if (Name === undefined) return;
      expect(Name).toBe(textAt(asObject(folded, 'the body'), 'name'));
      // Names of labels are kept as they are by Go, and folded by the gate.
      expect(new Map(Object.entries(Labels ?? {}).map(([key, value]) => [foldKey(key), value]))).toEqual(
        objectAt(asObject(folded, 'the body'), 'labels'),
      );
  }
  counts.echoed += 1;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One that is there already keeps its labels. */
async function remove(volume: string): Promise<void> {
  // Without an end of ours: dockerd breaks off what it does for a client that has nothing more to say.
  const answer = await talk(engineSocket, [
    `DELETE /volumes/${volume} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  ]);
  expect(answer).toMatch(/^HTTP\/1\.1 (?:204|404) /);
  // Not by the gate, and so none of what is compared.
  recorder.taken();
}

const hidden = Buffer.from('GET /containers/fuzz-behind/json HTTP/1.1\r\nHost: fuzz\r\n\r\n');

test(
  'what dockerd reads is what the gate has read, whatever is sent',
  { timeout: longRun > 0 ? 3_600_000 : 60_000 },
  async () => {
    const seed = Number(process.env['BULKHEAD_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
    const details = await fc.check(
      fc.asyncProperty(fuzzedRequest, fc.boolean(), async (request, followed) => {
        if (request.volume !== undefined) await remove(request.volume);
        const outcome = await through(followed ? Buffer.concat([request.bytes, hidden]) : request.bytes);
        if (outcome.asked.some(({ target }) => target.includes('fuzz-behind'))) counts.hidden += 1;
        try {
          compare(request, outcome);
        } catch (error) {
          const { asked, answer } = outcome;
          const told = {
            sent: request.bytes.toString('latin1'),
            asked: asked.map(({ method, target }) => [method, target]),
            answer,
          };
          throw new Error(JSON.stringify(told), { cause: error });
        }
      }),
      {
        seed,
        // What the engine has from one case is in the way of making it smaller.
        endOnFailure: true,
        numRuns: longRun > 0 ? longRun : 100_000,
        ...(longRun > 0 ? {} : { interruptAfterTimeLimit: shortRunMs, markInterruptAsFailure: false }),
      },
    );
    console.log(`BULKHEAD_FUZZ_SEED=${seed}: ${JSON.stringify(counts)}`);
    if (details.failed) throw new Error(`seed ${seed}`, { cause: details.errorInstance });
    // Enough of each kind, or nothing was tried.
    const share = (count: number): number => count / counts.cases;
    expect(counts.cases).toBeGreaterThan(50);
    expect(share(counts.asked)).toBeGreaterThan(0.3);
    expect(share(counts.refused)).toBeGreaterThan(0.1);
    expect(share(counts.echoed)).toBeGreaterThan(0.1);
    expect(counts.hidden).toBeGreaterThan(0);
  },
);
