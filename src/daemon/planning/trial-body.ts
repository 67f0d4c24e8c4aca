import { z } from 'zod';

const createSchema = z.looseObject({
  HostConfig: z
    .looseObject({
      Binds: z.array(z.string()).nullish(),
      Mounts: z
        .array(z.looseObject({ Type: z.string().optional(), Source: z.string().optional() }))
        .nullish(),
    })
    .nullish(),
});

/** What the engine takes as a name; another is left as it is, for the engine to refuse. */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * The body for a container that is only made to be explained: without what would clash with a running one or survive
 * it. None of it reaches the specification of the container, so no rule can tell the difference.
 *
 * @param standIns volumes by the name to take in place of theirs.
 */
export function trialBody(body: unknown, standIns: ReadonlyMap<string, string> = new Map()): unknown {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) return body;
  const { HostConfig: asked, ...rest } = parsed.data;
  const HostConfig = {
    ...asked,
    ...(asked?.Binds == null ? {} : { Binds: asked.Binds.map((bind) => renamedBind(bind, standIns)) }),
    ...(asked?.Mounts == null ? {} : { Mounts: asked.Mounts.map((mount) => renamedMount(mount, standIns)) }),
  };
  const trial = { PortBindings: {}, PublishAllPorts: false, RestartPolicy: {}, AutoRemove: false };
  return { ...rest, HostConfig: { ...HostConfig, ...trial, ContainerIDFile: '' } };
}

function renamedBind(bind: string, standIns: ReadonlyMap<string, string>): string {
  const [source = '', ...rest] = bind.split(':');
  return rest.length === 0 ? bind : [standIns.get(source) ?? source, ...rest].join(':');
}

function renamedMount<T extends { Type?: string | undefined; Source?: string | undefined }>(
  mount: T,
  standIns: ReadonlyMap<string, string>,
): T {
  const name = mount.Type === 'volume' ? standIns.get(mount.Source ?? '') : undefined;
  return name === undefined ? mount : { ...mount, Source: name };
}

/** Named volumes that creating the container makes when they are missing. */
export function volumesNamedBy(body: unknown): string[] {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) return [];
  const { Binds, Mounts } = parsed.data.HostConfig ?? {};
  const bound = (Binds ?? []).flatMap((bind) => {
    const [source = '', destination] = bind.split(':');
    return destination === undefined ? [] : [source];
  });
  const mounted = (Mounts ?? []).flatMap(({ Type, Source = '' }) => (Type === 'volume' ? [Source] : []));
  return [...bound, ...mounted].filter((name) => volumeName.test(name));
}
