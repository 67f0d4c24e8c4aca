import type { EngineAnswer, EngineClient } from '../engine/engine-client.js';

/** An engine that has these answers, and 404 for everything else. */
export function engineDouble(
  answers: Readonly<Record<string, unknown>>,
): Pick<EngineClient, 'call'> & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async call(_method, path): Promise<EngineAnswer> {
      asked.push(path);
      const found = answers[decodeURIComponent(path)];
      return found === undefined
        ? { status: 404, body: '{"message":"no such thing"}' }
        : { status: 200, body: JSON.stringify(found) };
    },
  };
}

export const digest = `sha256:${'d'.repeat(64)}`;
export const imageIds = {
  cli: `sha256:${'1'.repeat(64)}`,
  derived: `sha256:${'2'.repeat(64)}`,
  evil: `sha256:${'3'.repeat(64)}`,
} as const;

/** An image that was pulled, one made of it here, and one that was only given its name. */
const images = [
  {
    Id: imageIds.cli,
    RepoTags: ['docker:cli'],
    RepoDigests: [`docker@${digest}`],
    RootFS: { Layers: ['a', 'b'] },
  },
  { Id: imageIds.derived, RepoTags: ['mine:1'], RepoDigests: [], RootFS: { Layers: ['a', 'b', 'c'] } },
  { Id: imageIds.evil, RepoTags: ['docker:evil'], RepoDigests: null, RootFS: { Layers: ['x', 'a', 'b'] } },
] as const;

/** What an engine with these three images answers. */
export const imageAnswers: Readonly<Record<string, unknown>> = {
  '/info': { DriverStatus: [['Backing Filesystem', 'extfs']] },
  '/images/json': images,
  ...Object.fromEntries(
    images.flatMap((image) => [image.Id, ...image.RepoTags].map((name) => [`/images/${name}/json`, image])),
  ),
};
