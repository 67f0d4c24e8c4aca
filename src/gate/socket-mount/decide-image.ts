import { parseImageReference } from '../../common/image-reference.js';
import { type CommandList, type PermittedOperations, permittedOperations } from './command-rules.js';
import type { ImageList, KnownImage } from './image-list.js';

/** Which containers may have the Docker socket, and for what. */
export interface SocketMountPolicy {
  readonly images: ImageList;
  readonly allowDerived: boolean;
  /** For every image that no rule is for. */
  readonly commands: CommandList | undefined;
  /** The first that is for an image counts. */
  readonly rules: readonly { readonly images: ImageList; readonly commands: CommandList }[];
}

/** An image and those it is made of, as far as the engine has them. */
export interface ImageWithParents extends KnownImage {
  readonly parents: readonly KnownImage[];
}

export type SocketDecision =
  | { readonly kind: 'allowed'; readonly permitted: PermittedOperations }
  | {
      readonly kind: 'denied';
      /** For {@link deniedBecause}. */
      readonly reason: 'empty' | 'unlisted';
      /** An image of the list it is made of, where that alone is not enough. */
      readonly parent?: string;
    };

/**
 * Whether a container of an image may have the Docker socket. An image that is made of an allowed one counts only where the policy says so, and
 * only if it has never been in a registry: one that has been is to be listed itself.
 */
export function decideSocketMount(image: ImageWithParents, policy: SocketMountPolicy): SocketDecision {
  const { images, allowDerived } = policy;
  if (images.empty) return { kind: 'denied', reason: 'empty' };
  if (images.matches(image)) return { kind: 'allowed', permitted: permittedTo([image], policy) };
  const parent = image.parents.find((candidate) => images.matches(candidate));
  if (parent === undefined) return { kind: 'denied', reason: 'unlisted' };
  if (allowDerived && image.digests.length === 0)
    return { kind: 'allowed', permitted: permittedTo([image, parent], policy) };
  return { kind: 'denied', reason: 'unlisted', parent: shownParent(parent) };
}

function permittedTo(
  candidates: readonly KnownImage[],
  { rules, commands }: SocketMountPolicy,
): PermittedOperations {
  const rule = rules.find(({ images }) => candidates.some((candidate) => images.matches(candidate)));
  return permittedOperations(rule === undefined ? commands : rule.commands);
}

function shownParent({ names, digests, id }: KnownImage): string {
  return names[0] ?? digests[0] ?? id;
}

/** The middle of the sentence that Docker documents for a denied socket. */
export function deniedBecause({ reason, parent }: Extract<SocketDecision, { kind: 'denied' }>): string {
  if (reason === 'empty') return 'allowed image list is empty';
  const added =
    'if you wish to allow it, add the image name to the docker socket image list in admin-settings';
  const parentAdded =
    parent === undefined
      ? ''
      : `. Alternatively add its parent image (${parent}) to the docker socket image list in admin-settings and set allowDerivedImages to true`;
  return `image is not in the allowed list; ${added}${parentAdded}`;
}

/** An image as Docker's text names it: in full form, without tag. */
export function shownImage(asked: string): string {
  return parseImageReference(asked)?.repository ?? asked;
}
