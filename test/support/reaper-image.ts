import { join } from 'node:path';
import type { Docker } from './docker.ts';
import { dockerClientImage } from './socket-images.ts';

/** Where `make -C test/probes` leaves the program that speaks with testcontainers. */
const programs = join(import.meta.dirname, '..', 'probes', 'build');

/** Each line of the program is a filter, `label=a=b&label=c=d`. What it matches is removed by Docker's own client; the reaper removes itself by ending. */
const script = `
filters="$(reaper)" || exit
IFS='&'
echo "$filters" | while read -r line; do
  set --
  for part in $line; do set -- "$@" --filter "$part"; done
  docker ps -aq "$@" | grep -v "$(hostname)" | xargs -r docker rm -fv
  docker network ls -q "$@" | xargs -r docker network rm
  docker volume ls -q "$@" | xargs -r docker volume rm -f
  docker images -aq "$@" | xargs -r docker rmi -f
done
`;

/**
 * Builds a stand-in for testcontainers' reaper, `testcontainers/ryuk`, which no registry here has: the same protocol on port 8080, and the same
 * requests to the engine, made by the same Go library. The name is the caller's to give.
 */
export async function reaperImage(docker: Docker): Promise<string> {
  const image = 'bulkhead-test/reaper';
  const dockerfile = [
    `FROM ${await dockerClientImage(docker)}`,
    'COPY reaper /bin/reaper',
    "COPY <<'END' /entry",
    script.trim(),
    'END',
    'EXPOSE 8080',
    'ENTRYPOINT ["sh", "/entry"]',
  ];
  await docker.ok(['build', '-q', '-t', image, '-f', '-', programs], { input: dockerfile.join('\n') });
  return image;
}
