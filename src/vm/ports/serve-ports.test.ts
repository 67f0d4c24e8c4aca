import { duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { PortAnswer, PortRequest } from '../../common/ports.js';
import { readLines } from '../../common/line-reader.js';
import { mostWaiting, servePorts } from './serve-ports.js';

const wanted = { ask: 'publish', protocol: 'tcp', guestPort: 4000, address: '0.0.0.0', port: 80 };

function setUp(carryOut?: (request: PortRequest) => Promise<PortAnswer>) {
  const [stream, guest] = duplexPair();
  const carried: PortRequest[] = [];
  const published = {
    begin: vi.fn<() => void>(),
    carryOut:
      carryOut ??
      (async (request: PortRequest) => {
        carried.push(request);
        return { ask: request.ask, protocol: request.protocol, guestPort: request.guestPort };
      }),
  };
  const answers: unknown[] = [];
  void readLines(guest, (line) => answers.push(JSON.parse(line)));
  const over = servePorts({ openPorts: async () => stream }, published, { warn: () => undefined });
  return { guest, carried, answers, published, stream, over };
}

test('requests are carried out and answered', async () => {
  const { guest, carried, answers, published, over } = setUp();
  guest.write(`${JSON.stringify(wanted)}\n`);
  await vi.waitFor(() => expect(answers).toEqual([{ ask: 'publish', protocol: 'tcp', guestPort: 4000 }]));
  expect(carried).toEqual([wanted]);
  expect(published.begin).toHaveBeenCalledTimes(1);
  guest.end();
  await over;
});

test('a guest that asks for more than can be done is not heard any more', async () => {
  const asked = vi.fn<(request: PortRequest) => Promise<PortAnswer>>(() => new Promise(() => undefined));
  const { guest, stream, over } = setUp(asked);
  for (let count = 0; count <= mostWaiting; count++) guest.write(`${JSON.stringify(wanted)}\n`);
  await over;
  expect(stream.destroyed).toBe(true);
  expect(asked).toHaveBeenCalledTimes(mostWaiting);
});

test('a guest of an image from before this publishes nothing, which ends nothing', async () => {
  const begin = vi.fn<() => void>();
  const published = { begin, carryOut: () => Promise.reject(new Error('never')) };
  const openPorts = () => Promise.reject(new Error('status 404'));
  await servePorts({ openPorts }, published, { warn: () => undefined });
  expect(begin).not.toHaveBeenCalled();
});
