import type { Place } from './place.js';

/** A registry that asks for TLS was reached without any, or does not show a certificate for its name. */
export class Untrusted extends Error {
  readonly place: Place;

  constructor(place: Place, options: { readonly cause: unknown }) {
    super('TLS', options);
    this.place = place;
  }
}
