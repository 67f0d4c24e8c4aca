import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Docker, type Outcome, probe, unique } from '../../support/docker.ts';
import type { EngineInternals } from '../../support/engine-internals.ts';
import type { OwnEngine } from '../../support/own-engine.ts';
import { rearranged } from '../../support/rearranged-image.ts';
import { type RegistryImages, startRegistryImages } from '../../support/socket-images.ts';
import { type SuccessiveEngines, successiveEngines } from '../../support/successive-engines.ts';

export const socketBind = ['-v', '/var/run/docker.sock:/var/run/docker.sock'];
/** Images made here: of the registry's, and with its layers in another place. */
export const derived = 'e07/derived';
export const rearrangedName = 'e09/rearranged';

/** A running container that has the socket, and where its own socket is. */
export interface SocketHolder {
  readonly name: string;
  readonly socket: string;
}

interface Images {
  readonly registry: RegistryImages;
  /** `name@sha256:…` of the image in the registry. */
  readonly pinned: string;
  /** Id of an image that no registry knows. */
  readonly localId: string;
}

/** One machine, whose engine is started with one policy after the other; its images stay. */
export class SocketMachine implements AsyncDisposable {
  #engines: SuccessiveEngines | undefined;
  #engine: Pick<OwnEngine, 'docker' | 'internals'> | undefined;
  #images: Images | undefined;
  #holder: SocketHolder | undefined;

  get docker(): Docker {
    return made(this.#engine).docker;
  }
  get internals(): EngineInternals {
    return made(this.#engine).internals;
  }
  get registry(): RegistryImages {
    return made(this.#images).registry;
  }
  get pinned(): string {
    return made(this.#images).pinned;
  }
  get localId(): string {
    return made(this.#images).localId;
  }
  /** Of the first policy alone. */
  get holder(): SocketHolder {
    return made(this.#holder);
  }

  /** The image of the registry that has Docker's client. */
  cli(): string {
    return this.registry.named('tools/docker:cli');
  }

  /** @param isolation what the policy has as `dockerSocketMount`. @param bulkhead what it has of our own beside a contact. */
  async start(isolation: object, bulkhead?: object): Promise<void> {
    this.#engines ??= await successiveEngines('sockets');
    this.#engine = await this.#engines.start({
      bulkhead: { contact: 'Ada Lovelace', ...bulkhead },
      enhancedContainerIsolation: { value: true, dockerSocketMount: isolation },
    });
  }

  /** Fills the registry, makes the other images, and starts the holder. */
  async makeImages(): Promise<void> {
    const { docker } = this;
    const registry = await startRegistryImages(docker);
    const pinned = await registry.push(registry.local, 'tools/docker:cli');
    await registry.push(registry.local, 'testcontainers/ryuk:0.9.0');
    const from = registry.named('tools/docker:cli');
    await docker.ok(['build', '-q', '-t', derived, '-'], { input: `FROM ${from}\nRUN echo >/own\n` });
    const localId = await docker.ok(['inspect', '-f', '{{.Id}}', derived]);
    await rearranged(docker, from, probe, rearrangedName);
    this.#images = { registry, pinned, localId };
    this.#holder = await this.withSocket(from);
  }

  run(image: string, script: string, ...flags: string[]): Promise<Outcome> {
    return this.docker.run(['run', '--rm', ...socketBind, ...flags, image, 'sh', '-c', script]);
  }

  async withSocket(image: string): Promise<SocketHolder> {
    const name = unique('holder');
    const id = await this.docker.ok(['run', '-d', '--name', name, ...socketBind, image, 'sleep', '600']);
    return { name, socket: await this.#socketOf(id) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engines?.[Symbol.asyncDispose]();
  }

  async #socketOf(id: string): Promise<string> {
    const directory = this.internals.path('/run/bulkhead/sockets');
    for (const entry of await readdir(directory)) {
      const owner = await readFile(join(directory, entry, 'owner.json'), 'utf8').catch(() => '');
      if (owner.includes(id)) return join(directory, entry, 'docker.sock');
    }
    throw new Error(`no socket of ${id}`);
  }
}

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it was not made: an earlier step failed');
  return value;
}
