export { buildImage, type BuildEnvironment } from './build.js';
export type { BuildOptions, BuiltImage } from './build-options.js';
export { cacheRoot, imageDir, userlandDir } from './cache.js';
export { useCached } from './cache-use.js';
export { imageKey } from './image-key.js';
export { type HostTool, hostTools } from './host-tools.js';
export {
  type Flavour,
  type ImageFileRole,
  type ImagePackage,
  loadManifest,
  type Manifest,
  manifestFileName,
  manifestSchema,
  parseManifest,
} from './manifest.js';
export { checkRememberedKey, policyKeyPath, rememberedPolicyKey, rememberPolicyKey } from './policy-key.js';
export { type ShareServerProgram, shareServerOf } from './share-server.js';
export { verifyImage } from './verify.js';
