import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditEvent } from '../../common/audit-event.js';
import { systemClock } from '../../common/system-clock.js';
import { ExportQueue } from './export-queue.js';
import { Telemetry } from './telemetry.js';

const event: AuditEvent = {
  seq: 7,
  boot: 'b007',
  time: '2026-11-21T17:46:25.123Z',
  kind: 'request',
  outcome: 'refused',
  who: { kind: 'container', id: 'abc', image: 'ci' },
  request: 'b007-1',
  operation: 'ContainerCreate',
  code: 'BH_GATE_MOUNT',
  rule: 'bind-sources',
  status: 403,
};

/** A collector that answers with these statuses in turn, the last for ever. */
async function collector(...statuses: readonly number[]) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      bodies.push(text);
      response.statusCode = statuses[Math.min(bodies.length, statuses.length) - 1] ?? 200;
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { bodies, endpoint: `http://127.0.0.1:${address.port}/v1/logs` };
}

const resource = { version: '1.2.3', instance: 'b007' };

test('a collector gets each line as a log record', async () => {
  const { bodies, endpoint } = await collector(200);
  const telemetry = new Telemetry({ endpoint, clock: systemClock, resource });
  telemetry.add(event);
  telemetry.add({ ...event, seq: 8, outcome: 'allowed' });
  await expect.poll(() => telemetry.health().sent, { timeout: 20_000 }).toBe(2);
  expect(bodies).toHaveLength(1);
  const text = (value: string) => ({ stringValue: value });
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: text('bulkhead') },
            { key: 'service.version', value: text('1.2.3') },
            { key: 'service.instance.id', value: text('b007') },
          ],
        },
        scopeLogs: [
          {
            scope: { name: 'bulkhead.audit' },
            logRecords: [
              {
                timeUnixNano: `${Date.parse(event.time)}000000`,
                severityText: 'WARN',
                eventName: 'bulkhead.audit.request',
                body: text(JSON.stringify(event)),
              },
              { severityText: 'INFO' },
            ],
          },
        ],
      },
    ],
  });
  for (const [key, value] of [
    ['bulkhead.rule', 'bind-sources'],
    ['bulkhead.who.image', 'ci'],
    ['bulkhead.operation', 'ContainerCreate'],
  ])
    expect(bodies[0]).toContain(JSON.stringify({ key, value: { stringValue: value } }));
});

test('what a collector does not take is told, and sent when it does', async () => {
  const { bodies, endpoint } = await collector(401, 200);
  const telemetry = new Telemetry({ endpoint, clock: systemClock, resource });
  telemetry.add(event);
  await expect.poll(() => telemetry.health().lastError, { timeout: 20_000 }).not.toBeNull();
  expect(telemetry.health()).toMatchObject({ sent: 0, waiting: 1, dropped: 0 });
  await expect.poll(() => telemetry.health().sent, { timeout: 20_000 }).toBe(1);
  expect(telemetry.health().lastError).toBeNull();
  expect(bodies).toHaveLength(2);
});

test('a line that the collector refuses for what it is keeps back no other', async () => {
  const taken: number[] = [];
  const queue = new ExportQueue<number>({
    clock: { now: () => 0, sleep: async () => Promise.resolve() },
    send: async (items) => {
      if (items.includes(3)) throw Object.assign(new Error('Bad Request'), { code: 400 });
      if (items.length > 4) throw Object.assign(new Error('Content Too Large'), { code: 413 });
      taken.push(...items);
      return Promise.resolve();
    },
  });
  for (let item = 0; item < 40; item += 1) queue.add(item);
  await expect.poll(() => queue.health().waiting).toBe(0);
  await expect.poll(() => queue.health().sent).toBe(39);
  expect(taken).toEqual(Array.from({ length: 40 }, (_, item) => item).filter((item) => item !== 3));
  expect(queue.health().dropped).toBe(1);
});

test('with a collector that is down the memory stays bounded, and drops are counted', async () => {
  const wakes: (() => void)[] = [];
  const taken: number[] = [];
  let up = false;
  const queue = new ExportQueue<number>({
    clock: { now: () => 0, sleep: async () => new Promise((resolve) => wakes.push(resolve)) },
    send: async (items) => {
      if (!up) throw new Error('ECONNREFUSED');
      taken.push(...items);
      return Promise.resolve();
    },
    most: 100,
  });
  const pass = async (): Promise<void> => {
    for (const wake of wakes.splice(0)) wake();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  for (let item = 0; item < 60; item += 1) queue.add(item);
  await pass();
  expect(queue.health()).toEqual({ sent: 0, dropped: 0, waiting: 60, lastError: 'ECONNREFUSED' });
  for (let item = 60; item < 250; item += 1) queue.add(item);
  await pass();
  expect(queue.health()).toEqual({ sent: 0, dropped: 150, waiting: 100, lastError: 'ECONNREFUSED' });
  up = true;
  await pass();
  expect(taken).toEqual(Array.from({ length: 100 }, (_, index) => index + 150));
  expect(queue.health()).toEqual({ sent: 100, dropped: 150, waiting: 0, lastError: null });
  queue.add(250);
  await pass();
  expect(queue.health().sent).toBe(101);
});
