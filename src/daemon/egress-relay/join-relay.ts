import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinDuplex } from '../../channel/index.js';

/** Held by PID 1, for root alone (`vm-image/init/egress.c`). */
const door = '/run/bulkhead/egress.sock';

/**
 * Makes a stream of the host's a connection to the relay of the way out: the host's gateway decides and dials, and nothing of what is said is read here. Where there is no relay the stream is
 * broken off.
 */
export function joinRelay(stream: Duplex, path = door): void {
  stream.on('error', () => undefined);
  const connection = connect({ path, allowHalfOpen: true });
  connection.on('error', () => undefined);
  void joinDuplex(connection, stream);
}
