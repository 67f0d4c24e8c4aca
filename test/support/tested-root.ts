import { join } from 'node:path';
import { builtImageDir } from './built-image.ts';
import { containerdStoreRoot } from './containerd-store-root.ts';

const variable = 'BULKHEAD_TEST_STORE';

/**
 * The root that tests in native mode run: that of the built image, or, with `BULKHEAD_TEST_STORE=containerd`, one in which the engine
 * keeps its images with containerd. Files that choose a back end themselves take `containerdStoreRoot`.
 */
export async function testedRoot(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = join(await builtImageDir(), 'root.erofs');
  const store = process.env[variable] ?? 'overlay2';
  if (store === 'overlay2') return { root, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (store !== 'containerd') throw new Error(`${variable}: neither overlay2 nor containerd: ${store}`);
  return containerdStoreRoot(root);
}

/** Of an engine under a policy, where it is another one: one with rules of images serves with overlay2 alone. */
export async function rootUnder(policy: { readonly bulkhead?: object }): Promise<{ readonly root?: string }> {
  const needs = 'imageAccess' in (policy.bulkhead ?? {});
  if (!needs || (process.env[variable] ?? 'overlay2') === 'overlay2') return {};
  return { root: join(await builtImageDir(), 'root.erofs') };
}
