import { BulkheadError } from '../common/errors/bulkhead-error.js';

export const suiteName = 'forky';
export const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface UserlandRequest {
  readonly include: string;
  readonly strict: boolean;
  readonly target: string;
  readonly mirror: string | undefined;
}

/**
 * Arguments of mmdebstrap. `--variant=extract` unpacks without running a maintainer script. The package files and indices stay
 * behind for us to record. The signature options repeat apt's defaults because the machine's apt configuration may have changed them.
 */
export function mmdebstrapArguments({ include, strict, target, mirror }: UserlandRequest): readonly string[] {
  const apt = [
    'Acquire::AllowInsecureRepositories "false"',
    'Acquire::AllowWeakRepositories "false"',
    'Acquire::AllowDowngradeToInsecureRepositories "false"',
    'APT::Get::AllowUnauthenticated "false"',
    // Refusing an expired Release file is our own decision unless strict: a frozen mirror serves one for months.
    `Acquire::Check-Valid-Until "${strict}"`,
  ];
  return [
    '--variant=extract',
    '--mode=root',
    '--format=directory',
    '--architectures=amd64',
    '--components=main',
    `--keyring=${debianKeyring}`,
    '--skip=cleanup/apt',
    ...apt.map((option) => `--aptopt=${option}`),
    `--include=${include}`,
    suiteName,
    target,
    ...(mirror === undefined ? [] : [mirror]),
  ];
}

/** Turns what apt and mmdebstrap said into the error that names the cause. `stderr` is their whole output. */
export function userlandError(stderr: string, validUntil = 'a date in the past'): BulkheadError {
  const lines = stderr.split('\n').filter((line) => /^(E|W|Err|error)\b/i.test(line.trim()));
  const reason = (
    lines.find((line) => line.startsWith('E: ')) ??
    lines[0] ??
    stderr.split('\n').at(-1) ??
    ''
  ).trim();
  const text = stderr.toLowerCase();
  if (/release file .* (is expired|not valid anymore)/.test(text)) {
    return new BulkheadError('BH_IMAGE_RELEASE_EXPIRED', { suite: suiteName, validUntil });
  }
  if (
    /no_pubkey|is not signed|badsig|signatures? (were|was|couldn't be|could not be|is) (invalid|verified)|expkeysig|not signed/.test(
      text,
    )
  ) {
    return new BulkheadError('BH_IMAGE_RELEASE_SIGNATURE', { suite: suiteName, reason });
  }
  if (
    /could not resolve|could not connect|connection (failed|refused|timed out)|failed to fetch|unable to connect|does not have a release file|404 /.test(
      text,
    )
  ) {
    return new BulkheadError('BH_IMAGE_MIRROR_UNREACHABLE', { suite: suiteName, reason });
  }
  if (/no space left|not enough free space/.test(text)) {
    return new BulkheadError('BH_IMAGE_STEP_FAILED', {
      step: 'unpacking Debian packages',
      reason: 'the disk is full',
    });
  }
  return new BulkheadError('BH_IMAGE_STEP_FAILED', { step: 'unpacking Debian packages', reason });
}
