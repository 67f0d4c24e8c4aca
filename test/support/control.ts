import { once } from 'node:events';
import { connect } from 'node:net';
import { type Channel, connectChannel } from '../../dist/channel/index.js';
import { systemClock } from '../../dist/common/system-clock.js';
import { type Health, parseHealth } from '../../dist/common/health.js';

/** Opens a control session of an engine in native mode for the length of `work`. */
export async function withControl<T>(socketPath: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const channel = await connectChannel(socket, { clock: systemClock });
  try {
    return await work(channel);
  } finally {
    await channel.close();
  }
}

/** The health document; the tests trust their own daemon's shape. */
export async function readStatus(socketPath: string): Promise<Health> {
  return withControl(socketPath, async (channel) => parseHealth(await channel.status()));
}
