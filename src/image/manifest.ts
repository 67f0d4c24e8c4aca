import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');

/** File names only: a manifest must not be able to point outside its own directory. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'not a plain file name');

const imageFileSchema = z.strictObject({ path: fileName, size: z.int().positive(), sha256 });

/** What the host runs of the image, without the name of its directory. */
const programFilesSchema = z.strictObject({
  /** Of the files, the dynamic loader; it is called by its path and given the directory, so nothing of the host's own libraries is used. */
  loader: fileName,
  files: z.array(imageFileSchema).min(1),
});

const blockSize = z.int().refine((size) => size === 512 || size === 1024 || size === 2048 || size === 4096);

const packageSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
  version: z.string().regex(/^[A-Za-z0-9.+:~-]+$/),
  architecture: z.string().regex(/^[a-z0-9-]+$/),
  /** Of the `.deb`, as the signed index gives it. */
  sha256,
});

/**
 * What the build leaves beside the image; its contract is in docs/architecture.md, "The image". The controller takes
 * the root hash from here, so an unknown field is an error: a newer build must not be half understood.
 */
export const manifestSchema = z.strictObject({
  format: z.literal(1),
  flavour: z.enum(['release', 'debug']),
  /** Of Bulkhead; images from before it was recorded have none. */
  version: z
    .string()
    .regex(/^\d+(\.\d+)*$/)
    .optional(),
  /** The organization's public key in the root, in PEM: the image serves under no policy but one signed with it. */
  policyKey: z.string().startsWith('-----BEGIN PUBLIC KEY-----\n').max(1000).optional(),
  /** Present in the debug flavour only: what makes it unfit for use, in words. */
  warning: z.string().optional(),
  kernelVersion: z.string().regex(/^[0-9][A-Za-z0-9.+~_-]*$/),
  files: z.strictObject({
    kernel: imageFileSchema,
    initramfs: imageFileSchema,
    root: imageFileSchema,
    hash: imageFileSchema,
  }),
  /** The server of shared directories, in the directory `virtiofsd`, with its libraries; images from before it have none. */
  shareServer: programFilesSchema.optional(),
  verity: z.strictObject({
    algorithm: z.literal('sha256'),
    dataBlockSize: blockSize,
    hashBlockSize: blockSize,
    dataBlocks: z.int().positive(),
    salt: z.string().regex(/^([0-9a-f]{2}){1,256}$/),
    rootHash: sha256,
  }),
  suite: z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]*$/),
    /** `Date` and `Valid-Until` of the signed Release file, ISO 8601. */
    date: z.iso.datetime(),
    validUntil: z.iso.datetime().nullable(),
    /** The Release file was past its Valid-Until when the image was built. */
    expired: z.boolean(),
  }),
  packages: z.array(packageSchema).min(1),
  /** SHA-256 over our own inputs: recipe, programs, daemon, builder. */
  sources: sha256,
  /** Sum of the sizes of the regular files in the root, in bytes, and the ten largest of them. */
  uncompressed: z.strictObject({
    bytes: z.int().positive(),
    largest: z.array(z.strictObject({ path: z.string(), size: z.int().nonnegative() })).max(10),
  }),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ImageFile = z.infer<typeof imageFileSchema>;
export type ProgramFiles = z.infer<typeof programFilesSchema>;
export type ImageFileRole = keyof Manifest['files'];
export type ImagePackage = Manifest['packages'][number];
export type Flavour = Manifest['flavour'];

export const manifestFileName = 'manifest.json';

/** Parses the text of a manifest. Throws `BH_IMAGE_MANIFEST`; `file` is named in the error. */
export function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BulkheadError('BH_IMAGE_MANIFEST', { file, reason: 'it is not JSON' }, { cause });
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const reason =
    issue === undefined ? 'unknown reason' : `${issue.path.join('.') || 'manifest'}: ${issue.message}`;
  throw new BulkheadError('BH_IMAGE_MANIFEST', { file, reason }, { cause: result.error });
}

/** Reads `manifest.json` of an image directory. Throws `BH_IMAGE_FILE_MISSING` or `BH_IMAGE_MANIFEST`. */
export async function loadManifest(imageDir: string): Promise<Manifest> {
  const file = join(imageDir, manifestFileName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new BulkheadError('BH_IMAGE_FILE_MISSING', { file }, { cause });
  }
  return parseManifest(text, file);
}
