import { z } from 'zod';
import { parsePortList } from '../common/port-list.js';
import { parseDestination } from './destination.js';
import { proxyShape } from './proxy-setting.js';

/** `a,b` in Docker's prose, an array in its examples; each item by itself. */
export function exclusionsOf(exclude: string | readonly string[]): string[] {
  return [exclude]
    .flat()
    .flatMap((part) => part.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** `.example.com` is what is below it, as `*.example.com` is. */
export function parseExclusion(item: string): ReturnType<typeof parseDestination> {
  return parseDestination(item.replace(/^\.(?=[^.])/, '*.'));
}

const exclude = z
  .union([z.string(), z.array(z.string())])
  .refine(
    (list) => exclusionsOf(list).every((item) => parseExclusion(item) !== undefined),
    'not a list of hosts, as .example.com,10.0.0.0/8',
  )
  .optional();

function isPacAddress(text: string): boolean {
  return text === '' || (/^https?:\/\//i.test(text) && URL.canParse(text));
}

/** Where containers may connect, in Docker's words (`containersProxy`). Strict: what is not understood here would go out by another way than was meant. */
export const containersProxySchema = z.strictObject({
  locked: z.boolean().default(false),
  mode: proxyShape.mode,
  http: proxyShape.http,
  https: proxyShape.https,
  exclude,
  pac: z
    .string()
    .refine(isPacAddress, 'not the address of a file, as http://pac.example/proxy.pac')
    .optional(),
  embeddedPac: z.string().optional(),
  /** Of containers; of the engine every port counts. */
  transparentPorts: z
    .string()
    .refine(
      (text) => text === '' || parsePortList(text) !== undefined,
      'not "", "*" or a list of ports, as 80,443',
    )
    .optional(),
});

export type GivenContainersProxy = z.infer<typeof containersProxySchema>;
