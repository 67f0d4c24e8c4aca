/** Placeholder shape, replaced by the strict schema of this room. */
export interface RuntimeSpec {
  readonly ociVersion: string;
}
