import type { CanonicalImage } from '../names/canonical-image.js';
import type { SoundManifest } from './manifest-answer.js';

/** A manifest that was let through, and is what it is said to be. */
export interface PulledManifest extends SoundManifest {
  /** By what it was asked for: at a mirror the mirror's name. */
  readonly image: CanonicalImage;
}

/** Remembers what was pulled, by whichever of the engine's parts. */
export interface Pulled {
  manifest(pulled: PulledManifest): void;
}
