import type { Flavour, Manifest } from './manifest.js';

export interface BuildOptions {
  /** The Bulkhead checkout: `vm-image`, `rootfs`, `src` and `dist` below it are the inputs. */
  readonly projectDir: string;
  /** Usually `cacheRoot()`. */
  readonly cacheDir: string;
  /** `release` unless given. */
  readonly flavour?: Flavour;
  /** Refuse a Release file past its Valid-Until instead of warning. */
  readonly strict?: boolean;
  /** Path of an earlier `manifest.json`: every package must have the version and hash it had there. */
  readonly pin?: string;
  /** The organization's public key, in PEM: the image serves under no policy but one signed with it. */
  readonly policyKey?: string | undefined;
  /** Base address of the Debian mirror; else BULKHEAD_APT_MIRROR, else the machine's own apt configuration, else mmdebstrap's default. */
  readonly mirror?: string;
  /** Build even if an image with this key exists. */
  readonly force?: boolean;
  /** Do everything after unpacking twice and compare. */
  readonly checkReproducible?: boolean;
  readonly signal?: AbortSignal;
}

export interface BuiltImage {
  /** Directory with `kernel`, `initramfs`, `root.erofs`, `root.verity` and `manifest.json`. */
  readonly dir: string;
  readonly key: string;
  readonly manifest: Manifest;
  /** True when an image with this key was there and nothing was built. */
  readonly reused: boolean;
}
