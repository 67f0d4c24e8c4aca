import { z } from 'zod';
import { isLoopback } from '../common/loopback.js';
import { bindingOption } from '../gate/port-bindings.js';
import { type EngineClient, readEngine } from './engine/engine-client.js';

type Client = Pick<EngineClient, 'call'>;

const madeSchema = z.object({
  HostConfig: z.object({
    PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() })).nullable()).nullable(),
    PublishAllPorts: z.boolean().optional(),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }).optional(),
});
const listSchema = z.array(
  z.object({
    Id: z.string(),
    Image: z.string().optional(),
    State: z.string().optional(),
    Ports: z.array(z.object({ IP: z.string().optional(), PublicPort: z.int().optional() })).nullable(),
  }),
);
const networkSchema = z.object({
  Driver: z.string(),
  Internal: z.boolean(),
  Options: z.record(z.string(), z.string()).nullable(),
});

/** A running container of which a port listens elsewhere than on the loopback. */
export interface OpenContainer {
  readonly id: string;
  /** As it was asked for. */
  readonly image: string | undefined;
  /** What listens, or will. */
  readonly port: string;
}

/** A port a container was made with. */
export interface MadePort {
  readonly port: string;
  readonly address: string;
}

/** The first port a container was made with on an address of its own that is not the loopback's; undefined where there is none, or no container. */
export async function portMadeOpen(client: Client, container: string): Promise<MadePort | undefined> {
  const made = await readEngine(client, `/containers/${encodeURIComponent(container)}/json`, madeSchema);
  return made === undefined ? undefined : namedOpen(made);
}

/**
 * Every container that runs, or is about to again, with a port that listens elsewhere. Threat: between two starts by its restart policy a container listens
 * nowhere, so one that ends at once would never be seen to: what it was made with tells. Rejects when the engine does not say.
 */
export async function openContainers(client: Client): Promise<readonly OpenContainer[]> {
  const open: OpenContainer[] = [];
  for (const { Id, Image, State, Ports } of (await readEngine(client, '/containers/json', listSchema)) ??
    []) {
    const listening = (Ports ?? []).find(
      ({ IP, PublicPort }) => PublicPort !== undefined && !isLoopback(IP ?? ''),
    );
    const port =
      listening === undefined
        ? State === 'restarting'
          ? await openAtStart(client, Id)
          : undefined
        : `${listening.PublicPort} on ${listening.IP ?? 'every address'}`;
    if (port !== undefined) open.push({ id: Id, image: Image, port });
  }
  return open;
}

async function openAtStart(client: Client, container: string): Promise<string | undefined> {
  const made = await readEngine(client, `/containers/${container}/json`, madeSchema);
  if (made === undefined) return undefined;
  const named = namedOpen(made);
  if (named !== undefined) return `${named.port} on ${named.address}`;
  const { PortBindings, PublishAllPorts = false } = made.HostConfig;
  const unnamed = Object.entries(PortBindings ?? {}).find(([, bindings]) =>
    (bindings ?? []).some(({ HostIp }) => HostIp === ''),
  );
  if (unnamed === undefined && !PublishAllPorts) return undefined;
  for (const network of Object.keys(made.NetworkSettings?.Networks ?? {}))
    if (await opensByItself(client, network)) return `${unnamed?.[0] ?? 'every port'} as ${network} says`;
  return undefined;
}

/** Whether ports without an address listen everywhere on a network. On the default bridge they do as the engine's own configuration says. */
async function opensByItself(client: Client, network: string): Promise<boolean> {
  if (network === 'bridge') return false;
  const found = await readEngine(client, `/networks/${encodeURIComponent(network)}`, networkSchema);
  return found?.Driver === 'bridge' && !found.Internal && !isLoopback(found.Options?.[bindingOption] ?? '');
}

function namedOpen({ HostConfig }: z.infer<typeof madeSchema>): MadePort | undefined {
  for (const [port, bindings] of Object.entries(HostConfig.PortBindings ?? {}))
    for (const { HostIp } of bindings ?? [])
      // One without an address listens where its network says, and is looked at afterwards.
      if (HostIp !== '' && !isLoopback(HostIp)) return { port, address: HostIp };
  return undefined;
}
