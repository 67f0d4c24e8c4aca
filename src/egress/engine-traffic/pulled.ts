import type { CanonicalImage } from '../names/canonical-image.js';
import type { SoundManifest } from './manifest-answer.js';

/** A manifest that was let through, and is what it is said to be. */
export interface PulledManifest extends SoundManifest {
  /** By what it was asked for: at a mirror the mirror's name. */
  readonly image: CanonicalImage;
}

/**
 * Remembers what was pulled, by whichever of the engine's parts. What it is told is passed on to the engine when it says so.
 */
export interface Pulled {
  manifest(pulled: PulledManifest): Promise<void>;
  /** A name was asked for the digest of its contents, and nothing more. */
  named(image: CanonicalImage, digest: string): Promise<void>;
  /** Whether the layers of an image are not known that has these contents, or some, where it is not known which they are. */
  awaits(contents: string | undefined): boolean;
  contents(bytes: Buffer): Promise<void>;
}
