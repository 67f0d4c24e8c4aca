import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../common/log.js';
import type { SocketRelays } from './socket-relays.js';

/** Whose a socket is. */
export interface SocketOwner {
  /** Full id. */
  readonly containerId: string;
  /** As it was asked for. */
  readonly image: string;
  readonly imageId: string;
}

export interface FilteredSocketsOptions {
  /** Where nobody but root of the VM gets; the same life as the containers'. */
  readonly directory: string;
  /** Whether a container holds ids, hence runs or is about to. */
  readonly isHeld: (containerId: string) => boolean;
  readonly relays: SocketRelays;
  /** Takes over one connection of a container. */
  readonly serve: (connection: Socket, owner: SocketOwner) => void;
  /**
   * At once, of all containers together; another is closed. Each takes two descriptors, and containers that take all there are keep the engine
   * from whoever else would use it.
   */
  readonly mostConnections: number;
  readonly log: Logger;
}

interface OpenSocket {
  readonly owner: SocketOwner;
  readonly directory: string;
  readonly server: Server;
  /** Milliseconds since 1970. */
  readonly opened: number;
  /** Whether the container may not have got its ids yet. */
  starting: boolean;
}

/** Milliseconds after which a container that was about to start and never got its ids does not any more. */
const longestStart = 300_000;
const ownerFile = 'owner.json';
const ownerSchema = z.strictObject({ containerId: z.string(), image: z.string(), imageId: z.string() });

/**
 * One listening socket for each start of a container that may have the Docker socket. A new one at each start, in a directory with a name nobody can
 * guess: what another container kept of an earlier one leads nowhere. By the socket a connection comes in by, and by nothing that is said on it, it is
 * known whose it is. The container's is held by a relay (socket-relay.c), which hands its connections on to one beside it, so that the container
 * keeps its own when this process is started again.
 */
export class FilteredSockets {
  readonly #options: FilteredSocketsOptions;
  readonly #open = new Map<string, OpenSocket>();
  #connections = 0;
  /** Directories of an earlier daemon. */
  readonly #left: readonly string[];

  constructor(options: FilteredSocketsOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#left = readdirSync(options.directory);
  }

  /** Takes up the sockets of an earlier daemon; those of containers that are over go. */
  async restore(): Promise<void> {
    for (const name of this.#left) {
      const directory = join(this.#options.directory, name);
      const owner = readOwner(directory);
      const runs = owner !== undefined && this.#options.isHeld(owner.containerId);
      // It may have been started again meanwhile.
      if (runs && !this.#open.has(owner.containerId)) await this.#serve(directory, owner, false);
      else this.#clear(directory);
    }
  }

  /** @returns the path of a socket that no container has had before. An earlier one of the same container goes. */
  async open({ containerId, image, imageId }: SocketOwner): Promise<string> {
    // What is given may have more to it, by which the next daemon would not take it for an owner's.
    const owner = { containerId, image, imageId };
    this.#removeLeft();
    this.#remove(containerId);
    const directory = join(this.#options.directory, randomBytes(16).toString('hex'));
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, ownerFile), JSON.stringify(owner), { mode: 0o600 });
    await this.#serve(directory, owner, true);
    await this.#options.relays.start(directory);
    return join(directory, 'docker.sock');
  }

  /** The container has its ids: from now on it is over when they are given back. */
  started(containerId: string): void {
    const socket = this.#open.get(containerId);
    if (socket !== undefined) socket.starting = false;
  }

  /** Its ids were given back. It may be starting again already. */
  over(containerId: string): void {
    const socket = this.#open.get(containerId);
    if (socket?.starting === false && !this.#options.isHeld(containerId)) this.#remove(containerId);
  }

  ownerOf(containerId: string): SocketOwner | undefined {
    return this.#open.get(containerId)?.owner;
  }

  async #serve(directory: string, owner: SocketOwner, starting: boolean): Promise<void> {
    const { log } = this.#options;
    const path = join(directory, 'gate');
    rmSync(path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (connection) => {
      this.#take(connection, owner);
    });
    server.on('error', (error) => {
      log.error({ err: error, container: owner.containerId }, 'the Docker socket of a container failed');
    });
    server.listen(path);
    await once(server, 'listening');
    this.#open.set(owner.containerId, { owner, directory, server, opened: Date.now(), starting });
  }

  #take(connection: Socket, owner: SocketOwner): void {
    const { mostConnections, serve } = this.#options;
    if (this.#connections >= mostConnections) {
      connection.destroy();
      return;
    }
    this.#connections += 1;
    connection.once('close', () => {
      this.#connections -= 1;
    });
    serve(connection, owner);
  }

  #remove(containerId: string): void {
    const socket = this.#open.get(containerId);
    if (socket === undefined) return;
    this.#open.delete(containerId);
    socket.server.close();
    this.#clear(socket.directory);
  }

  #clear(directory: string): void {
    this.#options.relays.stop(directory);
    rmSync(directory, { recursive: true, force: true });
  }

  /** Of containers whose start ended before they had ids. */
  #removeLeft(): void {
    for (const [containerId, { starting, opened }] of this.#open)
      if (starting && Date.now() - opened > longestStart && !this.#options.isHeld(containerId))
        this.#remove(containerId);
  }
}

function readOwner(directory: string): SocketOwner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(join(directory, ownerFile), 'utf8')));
  } catch {
    return undefined;
  }
}
