import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { hostText } from '../../common/authority.js';
import { codeOf } from '../../common/cause.js';
import { hostAuthorities } from '../host-authorities.js';
import { offeredCiphers } from '../tls-ciphers.js';
import type { Place } from './place.js';

/** Of what dockerd reads for a registry. */
interface Certificates {
  readonly authorities: readonly string[];
  readonly own: readonly { readonly cert: string; readonly key: string }[];
}

/** Where Docker looks for the certificates of a registry, on the host. */
export const usualDirectory = '/etc/docker/certs.d';

/**
 * By what a registry is known, and by what it knows us: the authorities of the host, and for a registry of its own `certs.d/HOST[:PORT]` as dockerd has it
 * (`*.crt` authorities beside those, `NAME.cert` with `NAME.key` client certificates).
 *
 * @throws where a file is there and can't be read, or a certificate has no key: nothing is left out silently.
 */
export async function registryContext(place: Place, directory = usualDirectory): Promise<SecureContext> {
  const { authorities, own } = await certificatesOf(place, directory);
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ciphers: offeredCiphers,
    ca: [...hostAuthorities(), ...authorities],
    cert: own.map(({ cert }) => cert),
    key: own.map(({ key }) => key),
  });
}

async function certificatesOf({ host, port }: Place, directory: string): Promise<Certificates> {
  const names = [`${hostText(host)}:${port}`, ...(port === 443 ? [hostText(host)] : [])];
  for (const name of names) {
    const found = await filesOf(join(directory, name));
    if (found !== undefined) return found;
  }
  return { authorities: [], own: [] };
}

async function filesOf(directory: string): Promise<Certificates | undefined> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (names === undefined) return undefined;
  const read = async (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
  const ending = (end: string): string[] => names.filter((name) => name.endsWith(end)).sort();
  return {
    authorities: await Promise.all(ending('.crt').map(read)),
    own: await Promise.all(
      ending('.cert').map(async (name) => ({
        cert: await read(name),
        key: await read(name.replace(/\.cert$/, '.key')),
      })),
    ),
  };
}
