import { z } from 'zod';
import { parseImagePattern } from '../common/image-reference.js';

/** An image: `name`, `name:tag`, `name:*`, `name@sha256:…`, `sha256:…` or `*`; in the path of a name, `*` for any characters of a part. */
export const imagePattern = z
  .string()
  .refine((entry) => parseImagePattern(entry) !== undefined, 'not the name of an image');
