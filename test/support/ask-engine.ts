import { attemptProgram } from './attempt-image.ts';
import type { Docker } from './docker.ts';

/** What a request of a container on its own Docker socket was answered. */
export interface SocketAnswer {
  /** Of HTTP; 0 where there was no answer. */
  readonly status: number;
  readonly text: string;
}

/** Puts into a running container what `askEngine` has it run, onto the disk as well: a VM that is slow to stop has its plug pulled. */
export async function prepareAsking(docker: Docker, container: string): Promise<void> {
  await docker.ok(['cp', attemptProgram, `${container}:/bin/attempt`]);
  await docker.ok(['exec', container, 'sync']);
}

/** Has a container send requests without a body, each on a connection of its own and all at once; gives the answers in the order of the requests. */
export async function askEngine(
  docker: Docker,
  container: string,
  socket: string,
  requests: readonly (readonly [method: string, target: string])[],
): Promise<SocketAnswer[]> {
  const asking = requests.map(
    ([method, target], index) => `attempt ask-engine ${socket} ${method} ${target} >/answer.${index} &`,
  );
  const showing = requests.map((_, index) => `cat /answer.${index}; echo @@@`);
  const script = [...asking, 'wait', ...showing].join('\n');
  const said = await docker.ok(['exec', container, 'sh', '-c', script]);
  return said
    .split('@@@')
    .slice(0, requests.length)
    .map((text) => ({ status: Number(/^\s*HTTP\/1\.1 (\d+) /.exec(text)?.[1] ?? 0), text }));
}
