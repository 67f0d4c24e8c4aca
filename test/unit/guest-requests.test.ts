import { duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { PortAnswer, PortRequest } from '../../dist/common/ports.js';
import { servePorts } from '../../dist/vm/ports/index.js';

/** What a guest, which may be root of a VM that was broken into, can ask the controller on the host for. */
const wanted = { ask: 'publish', protocol: 'tcp', guestPort: 4000, address: '0.0.0.0', port: 80 };

test.each<[string, string, number]>([
  ['a port of the host', JSON.stringify(wanted), 2],
  ['a socket of the host', JSON.stringify({ ...wanted, ask: 'connect', path: '/run/docker.sock' }), 0],
  ['a path beside a port', JSON.stringify({ ...wanted, path: '/run/docker.sock' }), 0],
  ['a path for an address', JSON.stringify({ ...wanted, address: '/run/docker.sock' }), 0],
  ['a name for an address', JSON.stringify({ ...wanted, address: 'localhost' }), 0],
  ['a command of the monitor in an address', JSON.stringify({ ...wanted, address: '0.0.0.0:1-:1\nquit' }), 0],
  ['another protocol', JSON.stringify({ ...wanted, protocol: 'unix' }), 0],
  ['a port 0', JSON.stringify({ ...wanted, port: 0 }), 0],
  ['a port that is no number', JSON.stringify({ ...wanted, port: '80' }), 0],
  ['no JSON', 'publish', 0],
])(
  'H16: a guest gets ports of the host and nothing else, and after anything else is not heard any more: %s',
  async (_what, line, carriedOut) => {
    const [stream, guest] = duplexPair();
    const carryOut = vi.fn<(request: PortRequest) => Promise<PortAnswer>>(
      async ({ ask, protocol, guestPort }) => ({
        ask,
        protocol,
        guestPort,
      }),
    );
    const published = { begin: () => undefined, carryOut };
    const over = servePorts({ openPorts: async () => stream }, published, { warn: () => undefined });
    guest.end(`${line}\n${JSON.stringify(wanted)}\n`);
    await over;
    expect(carryOut).toHaveBeenCalledTimes(carriedOut);
    expect(stream.destroyed).toBe(carriedOut === 0);
  },
);
