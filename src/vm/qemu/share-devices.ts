import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/cause.js';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { ServedShare } from '../backend.js';
import { mostShareDevices, shareDevice, sharePort } from './arguments.js';
import type { QmpClient } from './qmp-client.js';

/** An emulated guest takes some seconds to let go of a device. */
const removalMs = 30_000;

/** The devices of shared directories of a VM that runs, each at a port of its own (PCIe hotplug). */
export class ShareDevices {
  readonly #qmp: Pick<QmpClient, 'execute' | 'onEvent'>;
  readonly #clock: Clock;
  /** Which tag is at which port. */
  readonly #ports = new Map<number, string>();
  /** Who waits for the guest to let go of one, by its tag. */
  readonly #waiting = new Map<string, (freed: Promise<void>) => void>();
  readonly #hasPorts: boolean;

  /** @param shares what it was started with: without any it has no ports, and its memory is not one that a server could see. */
  constructor(
    qmp: Pick<QmpClient, 'execute' | 'onEvent'>,
    clock: Clock,
    shares: readonly Pick<ServedShare, 'tag'>[],
  ) {
    this.#qmp = qmp;
    this.#clock = clock;
    this.#hasPorts = shares.length > 0;
    for (const [number, { tag }] of shares.entries()) this.#ports.set(number, tag);
    qmp.onEvent(({ event, data }) => {
      if (event === 'DEVICE_DELETED') this.#deleted(data['device']);
    });
  }

  async add({ tag, socket }: ServedShare): Promise<void> {
    if (!this.#hasPorts) throw new Error('the VM was started without shared directories');
    const free = Array.from({ length: mostShareDevices }, (_, number) => number).find(
      (number) => !this.#ports.has(number),
    );
    if (free === undefined) throw new Error(`no more than ${mostShareDevices} directories can be shared`);
    this.#ports.set(free, tag);
    const backend = {
      type: 'socket',
      data: { addr: { type: 'unix', data: { path: socket } }, server: false },
    };
    try {
      await this.#qmp.execute('chardev-add', { id: tag, backend });
      await this.#qmp.execute('device_add', shareDevice(tag, sharePort(free)));
    } catch (error) {
      await this.#qmp.execute('chardev-remove', { id: tag }).catch(() => undefined);
      this.#ports.delete(free);
      throw error;
    }
  }

  /** A guest that does not let go keeps the device, and its port stays taken until it does. */
  async remove(tag: string): Promise<void> {
    // A guest may have switched the slot off by itself.
    if (this.#portOf(tag) === undefined) return;
    const gone = Promise.withResolvers<void>();
    gone.promise.catch(() => undefined);
    this.#waiting.set(tag, gone.resolve);
    const over = new AbortController();
    try {
      await this.#qmp.execute('device_del', { id: tag }).catch((error: unknown) => {
        if (!isNoDevice(error)) throw error;
        this.#deleted(tag);
      });
      const late = this.#clock.sleep(removalMs, over.signal).then(
        (): never => {
          throw new Error(`the guest has not let go of it within ${removalMs / 1000} s`);
        },
        () => gone.promise,
      );
      await Promise.race([gone.promise, late]);
    } finally {
      over.abort(new Error('it is over'));
      this.#waiting.delete(tag);
    }
  }

  /** Whenever it happens, and whether anybody waits for it or not. */
  #deleted(tag: unknown): void {
    const port = this.#portOf(tag);
    if (port === undefined) return;
    this.#ports.delete(port);
    const freed = this.#qmp.execute('chardev-remove', { id: tag }).then(
      () => undefined,
      (error: unknown) => {
        throw new Error(`its connection stays: ${messageOf(error)}`);
      },
    );
    freed.catch(() => undefined);
    if (typeof tag === 'string') this.#waiting.get(tag)?.(freed);
  }

  #portOf(tag: unknown): number | undefined {
    return [...this.#ports].find(([, other]) => other === tag)?.[0];
  }
}

function isNoDevice(error: unknown): boolean {
  return (
    isBulkheadError(error) &&
    error.code === 'BH_QMP_COMMAND' &&
    String(error.params['reason']).startsWith('DeviceNotFound:')
  );
}
