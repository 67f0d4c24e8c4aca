import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Docker } from './docker.ts';
import { type OwnEngine, startOwnEngine } from './own-engine.ts';
import { rootUnder } from './tested-root.ts';

/** An engine of its own under a whole policy, and with a user's settings, both as their files have them. */
export interface SettingsEngine
  extends AsyncDisposable, Pick<OwnEngine, 'socket' | 'controlSocket' | 'internals'> {
  readonly docker: Docker;
  /** Empty at first, for what the tests need; goes with the engine. */
  readonly dir: string;
}

/** @param name unique on the machine. */
export async function startSettingsEngine(
  name: string,
  {
    policy,
    user,
    publishers,
    sshAgent,
  }: {
    readonly policy?: object;
    readonly user?: object;
    /** The list of verified publishers. */
    readonly publishers?: object;
    readonly sshAgent?: { readonly path: string; readonly owner: number };
  },
): Promise<SettingsEngine> {
  await using undo = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), `bulkhead-settings-${name}-`));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const opened = async (file: string, document: object | undefined) => {
    if (document === undefined) return undefined;
    await writeFile(join(dir, file), JSON.stringify(document));
    return undo.use(await open(join(dir, file)));
  };
  const files = {
    policy: await opened('admin-settings.json', policy && { configurationFileVersion: 2, ...policy }),
    settings: await opened('settings.json', user),
    publishers: await opened('publishers.json', publishers),
  };
  const { policy: policyFile, settings, publishers: list } = files;
  const engine = undo.use(
    await startOwnEngine(name, {
      ...(await rootUnder(policy ?? {})),
      ...(policyFile === undefined ? {} : { policy: policyFile }),
      ...(settings === undefined ? {} : { settings }),
      ...(list === undefined ? {} : { publishers: list }),
      ...(sshAgent === undefined ? {} : { sshAgent }),
    }),
  );
  const all = undo.move();
  return {
    docker: engine.docker,
    socket: engine.socket,
    controlSocket: engine.controlSocket,
    internals: engine.internals,
    dir,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
