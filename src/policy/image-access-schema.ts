import { z } from 'zod';
import { isDigest, isRepositoryPath } from '../common/image-reference.js';
import { parseRepositoryPattern, parseRepositoryPrefix } from '../common/repository-pattern.js';

const digest = z.string().refine(isDigest, 'not a digest such as sha256: and 64 digits');

/** A tag, with `*` for any characters. */
const tag = z.string().regex(/^[\w*][\w*.-]{0,127}$/, 'not a tag, nor one with *');

const rule = z.strictObject({
  repository: z
    .string()
    .refine(
      (text) => parseRepositoryPattern(text) !== undefined,
      'not a repository such as ghcr.io/acme/tool, ghcr.io/acme/* or quay.io/**',
    ),
  action: z.enum(['allow', 'deny']),
  /** The rule is for these alone; where both are named, for what either names. */
  tags: z.array(tag).min(1).optional(),
  digests: z.array(digest).min(1).optional(),
});

/** A namespace of the Hub. */
export const hubNamespace = z
  .string()
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'not the name of an organization on Docker Hub')
  .max(255);

/** Docker's categories of Image Access Management. */
const hub = z.strictObject({
  /** Their images are always allowed. */
  organizations: z.array(hubNamespace).default([]),
  official: z.boolean().default(false),
  verifiedPublishers: z.boolean().default(false),
  community: z.boolean().default(false),
  /** Allowed whatever their category is. */
  repositories: z
    .array(z.string().refine(isHubRepository, 'not a repository of Docker Hub such as someuser/tool'))
    .default([]),
});

const prefix = z
  .string()
  .refine(
    (text) => parseRepositoryPrefix(text) !== undefined,
    'not a registry, nor a part of one such as docker.io/library',
  );

/** `bulkhead.imageAccess`: which images may be pulled, pushed and run. What nothing admits is refused. */
export const imageAccessSchema = z.strictObject({
  hub: hub.optional(),
  rules: z.array(rule).optional(),
  /** Of what no rule is for, and the categories don't decide. */
  default: z.enum(['allow', 'deny']).default('deny'),
  /** Whose images are those of another registry: the mirror's are decided as the source's. */
  mirrors: z.array(z.strictObject({ source: prefix, mirror: prefix })).optional(),
  /** Whether images come out of archives. */
  load: z.enum(['allow', 'deny']).default('deny'),
  /** Whether containers and build steps reach registries of which not every image is admitted: nobody can read which one they ask for. */
  containers: z.enum(['allow', 'refuse']).default('refuse'),
  /** The signed list of verified publishers, beside the policy. */
  publishers: z
    .strictObject({
      file: z.string().regex(/^[\w][\w.-]{0,127}$/, 'not the name of a file beside the policy'),
    })
    .optional(),
});

export type ImageAccess = z.infer<typeof imageAccessSchema>;
export type ImageRule = NonNullable<ImageAccess['rules']>[number];

function isHubRepository(text: string): boolean {
  return isRepositoryPath(text) && !/^[^/]*[.:]/.test(text);
}
