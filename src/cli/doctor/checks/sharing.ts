import { isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { mostOpenFiles } from '../../../common/open-files.js';
import { shareServerOf } from '../../../image/index.js';
import { guardProgram } from '../../../vm/sharing/index.js';
import { type Check, ok, warning } from '../check.js';
import { imageOrError } from './image.js';

interface Facts {
  readonly platform: NodeJS.Platform;
  readonly hasImage: boolean;
  readonly hasServer: boolean;
  /** What the server says of itself, started within the bounds it always has; undefined where it was not tried. */
  readonly trial: { readonly worked: boolean; readonly said: string } | undefined;
  /** Descriptors a process of this user may have at most; undefined where that can't be told. */
  readonly descriptors: number | undefined;
}

/** A server holds one for each file that containers have just looked at; a monorepo with its dependencies has as many. */
const enough = 100_000;

const deadlineMs = 20_000;

/** What `up --share` needs, and nothing else does. */
export const sharingCheck: Check<Facts> = {
  name: 'sharing',
  async gather(site) {
    const { exec, platform } = site.machine;
    const image = await imageOrError(site);
    const server = isBulkheadError(image) ? undefined : shareServerOf(image.directory, image.manifest);
    const limits = (await site.machine.text('/proc/self/limits')) ?? '';
    const facts = {
      platform,
      hasImage: !isBulkheadError(image),
      hasServer: server !== undefined,
      descriptors: mostOpenFiles(limits),
    };
    if (server === undefined || platform !== 'linux') return { ...facts, trial: undefined };
    const { loader, libraries, program } = server;
    const words = ['--check', '--', loader, '--library-path', libraries, program, '--version'];
    const trial = await exec.run(guardProgram, words, { timeoutMs: deadlineMs, env: {} }).then(
      ({ exitCode, stdout, stderr }) => ({ worked: exitCode === 0, said: stdout || stderr }),
      (error: unknown) => ({ worked: false, said: String(error) }),
    );
    return { ...facts, trial };
  },
  judge({ platform, hasImage, hasServer, trial, descriptors }) {
    const without = 'Only `up --share` is concerned.';
    if (platform !== 'linux') return [warning('directories are shared with the VM on Linux alone', without)];
    // Without an image the check of the image says enough.
    if (!hasImage) return [];
    if (!hasServer)
      return [
        warning(
          'the image has no server of shared directories',
          `${without} Build it anew with \`bulkhead image build\`.`,
        ),
      ];
    const said = trial?.said.trim().split('\n')[0] ?? '';
    const starts = ok(`${said} starts, in namespaces of its own`);
    if (trial?.worked === true && descriptors !== undefined && descriptors < enough)
      return [
        starts,
        warning(
          `a shared directory serves no more than ${descriptors} files at a time, then "Too many open files in system"`,
          `${without} Raise the hard limit of open files (\`ulimit -Hn\`; \`nofile\` in /etc/security/limits.conf) to ${enough} or more.`,
        ),
      ];
    if (trial?.worked === true) return [starts];
    return [
      warning(
        `the server of shared directories does not start: ${said}`,
        `${without} It needs user namespaces (user.max_user_namespaces; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), and \`make native\` in a checkout.`,
      ),
    ];
  },
};
