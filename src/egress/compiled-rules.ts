import { contactOf, type Publishers, type Settings } from '../policy/index.js';
import { compileImageAccess, type ImageRules } from './image-access/image-rules.js';
import type { HostIndex } from './names/host-index.js';
import { compileRegistryAccess, type RegistryEntry } from './registry-access/registry-rules.js';

/** What a policy says of registries and images, compiled once for all that is decided under it. */
export interface CompiledRules {
  /** Undefined where the policy restricts no registries. */
  readonly registries: HostIndex<RegistryEntry> | undefined;
  /** Undefined where it restricts no images. */
  readonly images: ImageRules | undefined;
  readonly contact: string;
}

/** @param publishers who is a verified publisher now (`publishersAt`). */
export function compileRules(
  settings: Pick<Settings, 'bulkhead'> | undefined,
  publishers: Publishers,
): CompiledRules {
  const { registryAccess, imageAccess } = settings?.bulkhead ?? {};
  return {
    registries: registryAccess === undefined ? undefined : compileRegistryAccess(registryAccess),
    images: imageAccess === undefined ? undefined : compileImageAccess(imageAccess, publishers),
    contact: contactOf(settings),
  };
}
