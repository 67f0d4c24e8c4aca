/**
 * The host's half of the control channel as a process of its own, with the code that serves `docker.sock` of a VM, so that what
 * it needs can be measured. Joins a control socket of an engine in native mode; ends with the standard input.
 *
 *     node test/support/channel-host.ts CONTROL-SOCKET DOCKER-SOCKET
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createLogger } from '../../dist/common/log.js';
import { systemClock } from '../../dist/common/system-clock.js';
import { openGuestLink } from '../../dist/vm/channel-link.js';

const [controlSocket = '', dockerSocket = ''] = process.argv.slice(2);
const controlPort = connect(controlSocket);
await once(controlPort, 'connect');
const logger = createLogger('channel-host', process.stderr, 'warn');
const link = await openGuestLink(dockerSocket, { portBinding: 'default-port-binding' }, systemClock, logger);
link.attach({
  controlPort,
  onControlPort(listener) {
    listener(true);
    return () => undefined;
  },
  // In native mode nobody asks for ports.
  forwardsIPv6: false,
  addForward: async () => undefined,
  removeForward: async () => undefined,
});
await link.connected;
process.stdout.write('connected\n');
await once(process.stdin.resume(), 'end');
await link.close();
controlPort.destroy();
