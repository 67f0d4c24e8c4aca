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

/**
 * The body for a container that is only made to be explained: without what would clash with a running one or survive
 * it. None of it reaches the specification of the container, so no rule can tell the difference.
 */
export function trialBody(body: unknown): unknown {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) return body;
  const { HostConfig, ...rest } = parsed.data;
  const trial = { PortBindings: {}, PublishAllPorts: false, RestartPolicy: {}, AutoRemove: false };
  return { ...rest, HostConfig: { ...HostConfig, ...trial, ContainerIDFile: '' } };
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
  return [...bound, ...mounted].filter((name) => name !== '' && !name.startsWith('/'));
}
