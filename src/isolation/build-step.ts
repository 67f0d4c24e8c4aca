import type { IsolationRequest } from './request.js';

/** BuildKit's bundles lie below the data root; it never asks for the host's cgroup namespace by leaving it out. */
export function isBuildStep({ container, engine }: Pick<IsolationRequest, 'container' | 'engine'>): boolean {
  return container.bundle.startsWith(`${engine.dataRoot.path}/buildkit/executor/`);
}

/**
 * Whether it is a build step that asked for the host's network and is to get the builder's, which the caller then has to provide
 * (`IsolationRequest.builderNetwork`). BuildKit asks by leaving the namespace out; with `--network=none` it asks for a new one.
 */
export function wantsBuilderNetwork(
  request: Pick<IsolationRequest, 'spec' | 'container' | 'engine' | 'policy'>,
): boolean {
  return (
    request.policy.buildHostNetwork === 'private' &&
    isBuildStep(request) &&
    !(request.spec.linux.namespaces ?? []).some(({ type }) => type === 'network')
  );
}
