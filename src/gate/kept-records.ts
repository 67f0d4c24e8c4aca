import { posix } from 'node:path';
import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import { z } from 'zod';
import { foldKey, refuseRepeatedKeys } from './engine-json.js';
import { checkSource, type SharedPaths } from './shared-paths.js';
import { isSocketName } from './socket-mount/socket-source.js';
import { checkVolumeOptions } from './volume-create.js';

/** A file in which dockerd keeps what it was told of a container, or of a volume of the local driver. */
export interface KeptRecord {
  readonly kind: 'container' | 'volume';
  /** Id of the container, name of the volume. */
  readonly name: string;
  readonly text: string;
}

/** What such a file has that no request could have put there. */
export interface ForeignMount extends Pick<KeptRecord, 'kind' | 'name'> {
  readonly source: string;
}

/** Where dockerd keeps volumes, images that are mounted, and the three files it makes for each container. */
const ofVolume = /^\/var\/lib\/docker\/volumes\/[^/]+\/_data$/;
const ofImage = /^\/var\/lib\/(?:docker|containerd)\/./;
const ofNetwork = /^\/var\/lib\/docker\/containers\/[0-9a-f]{64}\/(?:hosts|hostname|resolv\.conf)$/;

/**
 * The mount of a record that the rules of POST /containers/create and POST /volumes/create would not have let pass. Threat: the data disk comes from
 * an engine without isolation, or was written to while nothing ran. dockerd believes its own files: `docker cp` copies through every mount of a container that never
 * starts, as root of the VM, and a container that is made is given the image's files in the volume it names. The front door never hears of either.
 *
 * @returns undefined where there is none. What cannot be read with certainty is one, since dockerd may read it another way.
 */
export function foreignMount(
  { kind, name, text }: KeptRecord,
  shared: SharedPaths,
): ForeignMount | undefined {
  let source: string | undefined;
  try {
    refuseRepeatedKeys(text, (key) => key);
    const record: unknown = JSON.parse(text);
    source = kind === 'volume' ? optionOutside(record, shared) : sourceOutside(record, shared);
  } catch {
    source = 'what cannot be read';
  }
  return source === undefined ? undefined : { kind, name, source };
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A structure of Go's: its fields are known by names in any case, and two that are the same field are refused. */
function structure<Shape extends z.ZodRawShape>(shape: Shape) {
  return z
    .record(z.string(), z.unknown())
    .transform((fields, context) => {
      const folded = Object.entries(fields).map(([key, value]) => [foldKey(key), value] as const);
      if (new Set(folded.map(([key]) => key)).size < folded.length)
        context.addIssue({ code: 'custom', message: 'a field twice' });
      return Object.fromEntries(folded);
    })
    .pipe(z.object(shape));
}

const volumeSchema = structure({ mounttype: text, mountopts: text, mountdevice: text });
const containerSchema = structure({
  hostspath: text,
  hostnamepath: text,
  resolvconfpath: text,
  mountpoints: z
    .record(z.string(), structure({ type: text, source: text, driver: text }).nullable())
    .nullish()
    .transform((mounts) => Object.values(mounts ?? {})),
});

function optionOutside(record: unknown, shared: SharedPaths): string | undefined {
  const { mounttype: type, mountopts: o, mountdevice: device } = volumeSchema.parse(record);
  const options = new Map(Object.entries({ type, o, device }).filter(([, value]) => value !== ''));
  try {
    checkVolumeOptions(options, shared);
    return undefined;
  } catch {
    const nowhere = ['bind', 'rbind'].includes(o) && isHarmless(device, shared);
    return nowhere ? undefined : `${device} (type ${type}, o ${o})`;
  }
}

function sourceOutside(record: unknown, shared: SharedPaths): string | undefined {
  const { mountpoints, hostspath, hostnamepath, resolvconfpath } = containerSchema.parse(record);
  const file = [hostspath, hostnamepath, resolvconfpath].find(
    (path) => path !== '' && !ofNetwork.test(posix.normalize(path)),
  );
  if (file !== undefined) return file;
  for (const mount of mountpoints) {
    if (mount === null) continue;
    const { type, source, driver } = mount;
    if (driver !== '' && driver !== 'local') return `the volume driver ${driver}`;
    const own = (type === 'image' ? ofImage : ofVolume).test(posix.normalize(source));
    if (source !== '' && !own && !isSocketName(source) && !isHarmless(source, shared)) return source;
  }
  return undefined;
}

/** Shared with containers, or not a place of the VM at all: a directory that was shared when the container was made, and is not now, leads nowhere. */
function isHarmless(source: string, shared: SharedPaths): boolean {
  try {
    checkSource(source, shared);
    return true;
  } catch (error) {
    return isBulkheadError(error) && error.code !== 'BH_GATE_MOUNT';
  }
}
