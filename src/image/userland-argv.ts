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

/**
 * Turns what apt and mmdebstrap said into the error that names the cause. `output` is all of it; `pin` names the manifest the versions are from.
 */
export function userlandError(output: string, pin?: string): BulkheadError {
  const expired = /Release file for .* is expired \((invalid since [^)]*)\)/.exec(output);
  if (expired !== null) {
    return new BulkheadError('BH_IMAGE_RELEASE_EXPIRED', { suite: suiteName, validUntil: expired[1] ?? '' });
  }
  const version = /Version '(.+)' for '(.+)' was not found/.exec(output);
  if (version !== null && pin !== undefined) {
    const mismatch = `the mirror has no ${version[2]} ${version[1]}`;
    return new BulkheadError('BH_IMAGE_PIN_MISMATCH', { pin, mismatch });
  }
  for (const { code, sign } of causes) {
    const line = output.split('\n').find((text) => sign.test(text));
    if (line !== undefined)
      return new BulkheadError(code, { suite: suiteName, step, reason: sentence(line) });
  }
  // The first error is the cause; mmdebstrap repeats after it that it failed.
  const lines = output.trim().split('\n');
  const cause =
    lines.find((line) => line.startsWith('E: ') && !/ failed( to run)?$/.test(line)) ?? lines.at(-1) ?? '';
  return new BulkheadError('BH_IMAGE_STEP_FAILED', { step, reason: sentence(cause) });
}

const step = 'unpacking Debian packages';

/** Most telling first: apt follows each of these with lines that only repeat that it failed. */
const causes = [
  {
    code: 'BH_IMAGE_RELEASE_SIGNATURE',
    sign: /signatures (were invalid|couldn't be verified)|Clearsigned file isn't valid/,
  },
  { code: 'BH_IMAGE_MIRROR_UNREACHABLE', sign: /does not have a Release file/ },
  { code: 'BH_IMAGE_RELEASE_SIGNATURE', sign: /is not signed/ },
  { code: 'BH_IMAGE_STEP_FAILED', sign: /No space left on device|don't have enough free space/ },
  { code: 'BH_IMAGE_MIRROR_UNREACHABLE', sign: /Failed to fetch|Could not (resolve|connect)/ },
] as const;

/** Without the marks apt puts before, and the full stop our own sentence ends with. */
function sentence(line: string): string {
  return line
    .trim()
    .replace(/^[EW]: /, '')
    .replace(/\.$/, '');
}
