import { orNothing } from '../../common/cause.js';
import { type PulledImage, pulledImageSchema } from '../../common/pulled-image.js';
import { canonicalImage, imageText } from '../../egress/index.js';

/**
 * What the host's gateway says the engine has pulled; undefined for a line that is none, or that has no name in the one form that rules are held against. Nobody else can say
 * it: the stream is the host's, and whoever decides there what is pulled could let through any contents under any name.
 */
export function toldPull(line: string): PulledImage | undefined {
  const told = pulledImageSchema.safeParse(orNothing((): unknown => JSON.parse(line))).data;
  if (told === undefined) return undefined;
  const names = told.names.filter((name) => {
    const read = canonicalImage(imageText(name));
    return read !== undefined && imageText(read) === imageText(name);
  });
  return names.length === 0 ? undefined : { ...told, names };
}
