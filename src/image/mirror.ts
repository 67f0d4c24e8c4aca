import type { Exec } from '../common/exec.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/**
 * Base address of the Debian mirror to use, or undefined for mmdebstrap's own default: the one asked for, else the one
 * this machine already gets Debian packages from. A machine of another distribution has none. Throws
 * `BH_IMAGE_MIRROR_UNREACHABLE` for an address that is no plain URL: mmdebstrap would take a whole sources line, and
 * `[trusted=yes]` in one would switch the signature check off.
 */
export async function chooseMirror(
  asked: string | undefined,
  suite: string,
  exec: Exec,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (asked !== undefined && asked !== '') {
    if (isPlainUrl(asked)) return asked;
    throw new BulkheadError('BH_IMAGE_MIRROR_UNREACHABLE', {
      reason: `"${asked}" is not a mirror address`,
      suite,
    });
  }
  const format = '$(REPO_URI)|$(ORIGIN)|$(LABEL)';
  const options = signal === undefined ? {} : { signal };
  const targets = await exec.run(
    'apt-get',
    ['indextargets', '--format', format, 'Created-By: Packages'],
    options,
  );
  return targets.exitCode === 0 ? debianMirrorIn(targets.stdout) : undefined;
}

/** The first archive that calls itself Debian (the security archive calls itself Debian-Security). */
export function debianMirrorIn(indexTargets: string): string | undefined {
  for (const line of indexTargets.split('\n')) {
    const [uri = '', origin, label] = line.split('|');
    if (origin === 'Debian' && label === 'Debian' && isPlainUrl(uri)) return uri;
  }
  return undefined;
}

function isPlainUrl(value: string): boolean {
  return /^(https?|file|copy):\/\/[^\s[\]|,"']+$/.test(value) && URL.canParse(value);
}
