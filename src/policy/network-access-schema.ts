import { z } from 'zod';
import { parseIpNetwork } from '../common/ip-address.js';
import { parsePortList } from '../common/port-list.js';
import { parseDestination } from './destination.js';
import { imagePattern } from './image-pattern-schema.js';

const destination = z
  .string()
  .refine(
    (text) => parseDestination(text) !== undefined,
    'not a destination, as example.com:443, *.example.com, 10.0.0.0/8 or *',
  );

const ports = z.union([
  z.int().min(1).max(65_535),
  z
    .string()
    .refine((text) => parsePortList(text) !== undefined, 'not a list of ports, as 443 or 80,8000-8999'),
]);

/** As `docker run --label` has them: `key=value`, or `key` for any value. Not an object: the names in one could be taken for names of settings, whose case is of no account. */
const label = z.string().regex(/^[^=\s]+(=[^\0]*)?$/, 'not a label, as com.example.team=web');

const network = z
  .string()
  .refine((text) => parseIpNetwork(text) !== undefined, 'not an address or a network, as 10.0.0.0/8');

const rule = z
  .strictObject({
    /** One destination, or several. */
    to: z.union([destination, z.array(destination).min(1)]),
    /** Of all of them, where none are written there; every port where there are none either. */
    ports: ports.optional(),
    /** Only for containers of one of these images. */
    images: z.array(imagePattern).min(1).optional(),
    /** Only for containers with all of these labels. */
    labels: z.array(label).min(1).optional(),
    /** Private addresses the names may have: a name alone opens none. */
    addresses: z.array(network).min(1).optional(),
    action: z.enum(['allow', 'deny']),
  })
  .refine(
    ({ to, ports }) =>
      ports === undefined || [to].flat().every((text) => parseDestination(text)?.ports === undefined),
    { path: ['ports'], message: 'ports stand behind a destination already' },
  )
  .refine(({ addresses, action }) => addresses === undefined || action === 'allow', {
    path: ['addresses'],
    message: 'of a rule that denies, addresses say nothing',
  });

/** Where containers and the engine may connect (`bulkhead.networkAccess`). */
export const networkAccessSchema = z.strictObject({
  /** For what no rule is about. */
  default: z.enum(['deny', 'allow']),
  rules: z.array(rule).default([]),
});

export type NetworkAccess = z.infer<typeof networkAccessSchema>;
export type NetworkAccessRule = NetworkAccess['rules'][number];
