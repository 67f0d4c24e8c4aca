import { parseAuthority } from '../../dist/common/authority.js';
import { readRequest } from '../../dist/egress/index.js';
import { repositoryName } from '../../dist/egress/names/canonical-image.js';
import { references } from '../../src/egress/names/references.test-support.ts';

/** A name of the table, and what the rules call its repository. */
export interface AskedName {
  readonly written: string;
  readonly repository: string;
}

/** Those that lead to a name at port 443: all others are this machine's own, or addresses. */
export const askedNames: readonly AskedName[] = references.flatMap(([written, canonical]) => {
  const [host = ''] = canonical?.split('/') ?? [];
  if (canonical === undefined || !/^[a-z0-9][a-z0-9.-]*\.[a-z]+$/.test(host) || written.includes(':80/'))
    return [];
  return [{ written, repository: canonical.replace(/[:@][^/]*$/, '') }];
});

const hostIn = (name: string): string => name.split('/')[0]?.split(':')[0]?.toLowerCase() ?? '';

/** Whom they are asked of: of a name of the Hub dockerd asks by the host that is written, or at its own. */
export const askedHosts: readonly string[] = [
  ...new Set([
    'registry-1.docker.io',
    ...askedNames
      .flatMap(({ written, repository }) => [hostIn(written), hostIn(repository)])
      .filter((host) => host.includes('.')),
  ]),
];

/** What the rules call the repository of a request, as `asked` of `WorldRegistries` has it; undefined where it is about none. */
export function repositoryAsked(line: string): string | undefined {
  const [host = '', method = '', target = ''] = line.split(' ');
  const [authority, read] = [parseAuthority(host), readRequest({ method, target, host })];
  if (authority === undefined || read.kind === 'unreadable' || !('path' in read.operation)) return undefined;
  return repositoryName(authority, read.operation.path);
}
