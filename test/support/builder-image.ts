import type { Docker } from './docker.ts';
import { engineRecipe, importTestImage } from './test-images.ts';

/**
 * Debian has no buildkitd. Its stand-in is dockerd's own BuildKit in a container that the driver makes, starts and speaks to as to any:
 * privileged, its state on a volume, one gRPC connection through `docker exec … buildctl dial-stdio`.
 *
 * @param image the name it is given.
 */
export async function buildBuilderImage(docker: Docker, image: string): Promise<void> {
  const base = await importTestImage(docker, engineRecipe);
  const daemon = '#!/bin/sh\\nexec dockerd --data-root /var/lib/buildkit/engine >/log 2>&1\\n';
  const control =
    '#!/bin/sh\\nif [ "$1" = dial-stdio ]; then exec docker buildx dial-stdio; fi\\nexec docker version\\n';
  const lines = [
    `FROM ${base}`,
    `RUN printf '${daemon}' > /usr/bin/buildkitd && printf '${control}' > /usr/bin/buildctl && chmod 755 /usr/bin/build*d /usr/bin/buildctl`,
    'ENTRYPOINT ["buildkitd"]',
  ];
  await docker.ok(['build', '-q', '-t', image, '-'], { input: lines.join('\n') });
}
