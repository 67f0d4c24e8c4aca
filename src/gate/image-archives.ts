import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { HeaderField } from './http/header-fields.js';
import { readImageCreate } from './image-create.js';
import type { OperationId } from './operations.js';
import type { GatePolicy } from './policy.js';
import { queryValues } from './query.js';

/** How a BuildKit client says what the engine may ask of it (buildkit, session/grpchijack). */
const exposedMethod = 'x-docker-expose-session-grpc-method';

/** What of it hands over an archive: a context on standard input (`docker build - < x.tar`), and images in the OCI layout. */
const archiveServices: readonly (readonly [service: string, what: string])[] = [
  ['/moby.upload.v1.upload/', 'a build from an archive'],
  ['/containerd.services.content.v1.content/', 'a build that takes images from a directory'],
];

/** Never a file: as dockerd tells it (builder/remotecontext/urlutil, IsGitURL), and BuildKit (dfgitutil, ParseGitRef). */
const repository = /^(?:git:\/\/|git@|github\.com\/)/;
/** At an address, the two differ: to be none to either, the path has to end in it, and there is no query. */
const repositoryAddress = /^https?:\/\/[^?#]*\.git(?:#.+)?$/;

/** What of a request counts here. */
export interface ArchiveRequest {
  readonly id: OperationId;
  /** As it was sent, without the question mark. */
  readonly query: string | undefined;
  readonly fields: readonly HeaderField[];
}

/**
 * `blockDockerLoad`: no image comes out of an archive. Threat: a registry that is watched is passed by with a file from anywhere.
 *
 * That is `docker load` and `docker import`, and builds whose context is an archive at an address or on standard input. It is not a build from a
 * directory whose Dockerfile adds an archive to an empty image: to the engine its context is an archive like that of every build.
 *
 * Throws `BH_GATE_IMAGE_ARCHIVE`.
 */
export function checkImageArchive(
  request: ArchiveRequest,
  { blockDockerLoad, contact }: Pick<GatePolicy, 'blockDockerLoad' | 'contact'>,
): void {
  const what = blockDockerLoad ? imageArchive(request) : undefined;
  if (what !== undefined) throw new BulkheadError('BH_GATE_IMAGE_ARCHIVE', { what, contact });
}

/** What of a request has an image come out of an archive, in words; undefined where nothing does. */
export function imageArchive(request: ArchiveRequest): string | undefined {
  return archiveOf[request.id]?.(request);
}

type Judged = Partial<Record<OperationId, (request: ArchiveRequest) => string | undefined>>;

const archiveOf: Judged = {
  ImageLoad: () => 'docker load',
  ImageCreate: ({ query }) => (readImageCreate(query).imports ? 'docker import' : undefined),
  ImageBuild: ({ query }) =>
    queryValues(query, 'remote').every(isNoArchive) ? undefined : 'a build from an archive at an address',
  Session: ({ fields }) => {
    const methods = fields.flatMap(([name, value]) => (name === exposedMethod ? value.split(',') : []));
    return archiveServices.find(([service]) =>
      methods.some((method) => method.trim().toLowerCase().startsWith(service)),
    )?.[1];
  },
};

function isNoArchive(remote: string): boolean {
  if (remote === '' || remote === 'client-session') return true;
  // What Go and a pattern here may read in two ways.
  if (/[\0- \x7f]/.test(remote)) return false;
  return repository.test(remote) || repositoryAddress.test(remote);
}
