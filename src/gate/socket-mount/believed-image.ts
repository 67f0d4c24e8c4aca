import { parseImageReference } from '../../common/image-reference.js';
import type { KnownImage } from './image-list.js';

/** What the engine says of one of its images (GET /images/{name}/json). */
export interface ImageReport {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** DiffIDs, the lowest first: hashes of what is in the layers. */
  readonly layers: readonly string[];
}

/**
 * What of an image's names is believed. Threat: `docker tag evil docker:cli`, and `docker load` of an archive with that name in it, give any image any tag.
 * The engine notes a digest with a repository only when it has pulled the image from there or pushed it there, so a tag counts where it has
 * one of the same repository.
 *
 * @param localDigests whether the engine notes digests of images it has made or loaded as well (the containerd image store does): then a name proves
 *   nothing, be it that of the digest, and what is left is the digest alone, which no other content has.
 */
export function believedImage(report: ImageReport, localDigests: boolean): KnownImage {
  const digests = report.digests.flatMap((text) => {
    const { repository, digest } = parseImageReference(text) ?? {};
    return repository === undefined || digest === undefined ? [] : [{ repository, digest }];
  });
  const repositories = new Set(localDigests ? [] : digests.map(({ repository }) => repository));
  return {
    id: report.id,
    digests: localDigests
      ? [...new Set(digests.map(({ digest }) => digest))]
      : digests.map(({ repository, digest }) => `${repository}@${digest}`),
    names: report.tags.flatMap((text) => {
      const { repository = '', tag } = parseImageReference(text) ?? {};
      return tag !== undefined && repositories.has(repository) ? [`${repository}:${tag}`] : [];
    }),
  };
}

/**
 * Whether an image is made of another: its layers begin with all of the other's. Layers are known by the hash of what is in them, so whatever an
 * image says of its history, its parent or its labels plays no part; and one that has the layers elsewhere than at the bottom does not show
 * their files as they were. What begins with them was, for all that it can do, made `FROM` it.
 */
export function isDerivedFrom(layers: readonly string[], parent: readonly string[]): boolean {
  return (
    parent.length > 0 && parent.length <= layers.length && parent.every((layer, at) => layers[at] === layer)
  );
}
