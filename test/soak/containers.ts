import { z } from 'zod';
import { callEngine } from '../support/engine-api.ts';

/** A create or start that the engine answered with an error, or did not answer at all. */
export class CreateFailure extends Error {}

const created = z.object({ Id: z.string() });
const inspected = z.object({
  RestartCount: z.int(),
  State: z.object({ Status: z.string(), Pid: z.int() }),
});
const listed = z.array(z.object({ Id: z.string(), State: z.string(), Names: z.array(z.string()) }));

export interface ContainerState {
  readonly status: string;
  /** As the engine's pid namespace numbers it. */
  readonly pid: number;
  readonly restarts: number;
}

/** Container requests on an engine's socket: the CLI would cost more than the container. */
export class Containers {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Creates and starts. @throws CreateFailure with what the engine said. */
  async start(name: string, config: object): Promise<string> {
    const id = created.parse(
      JSON.parse(await this.#expect(201, 'POST', `/containers/create?name=${name}`, config)),
    ).Id;
    await this.#expect(204, 'POST', `/containers/${id}/start`);
    return id;
  }

  /** Kills and removes, with anonymous volumes; one that is not there is as good as removed. */
  async remove(nameOrId: string): Promise<void> {
    const path = `/containers/${nameOrId}?force=1&v=1`;
    const { status, text } = await callEngine(this.#socket, { method: 'DELETE', path });
    if (status !== 204 && status !== 404) throw new CreateFailure(`DELETE ${path}: ${status} ${text}`);
  }

  async inspect(id: string): Promise<ContainerState> {
    const text = await this.#expect(200, 'GET', `/containers/${id}/json`);
    const { State, RestartCount } = inspected.parse(JSON.parse(text));
    return { status: State.Status, pid: State.Pid, restarts: RestartCount };
  }

  /** Waits until it has ended. @returns its exit status. */
  async wait(id: string): Promise<number> {
    const text = await this.#expect(200, 'POST', `/containers/${id}/wait`);
    return z.object({ StatusCode: z.int() }).parse(JSON.parse(text)).StatusCode;
  }

  async list(): Promise<{ id: string; state: string; name: string }[]> {
    const text = await this.#expect(200, 'GET', '/containers/json?all=1');
    return listed
      .parse(JSON.parse(text))
      .map(({ Id, State, Names }) => ({ id: Id, state: State, name: (Names[0] ?? '').slice(1) }));
  }

  /** Resolves when the engine says so, through bulkheadd. */
  async ping(): Promise<void> {
    await this.#expect(200, 'GET', '/_ping');
  }

  async #expect(wanted: number, method: string, path: string, body?: object): Promise<string> {
    const answer = await callEngine(this.#socket, {
      method,
      path,
      ...(body === undefined ? {} : { body }),
    }).catch((error: unknown) => {
      throw new CreateFailure(`${method} ${path}: ${String(error)}`, { cause: error });
    });
    if (answer.status === wanted) return answer.text;
    throw new CreateFailure(`${method} ${path}: ${answer.status} ${answer.text.trim()}`);
  }
}
