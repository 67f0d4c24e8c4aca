import { queryValues } from './query.js';

/**
 * Which of two commands POST /images/create is: dockerd pulls where `fromImage` is not empty, and imports otherwise (api/server/router/image).
 * Threat: two readings of the same words, by which one rule sees a pull where another sees an import. Where a parameter is given twice, or both
 * are given, either may be meant, so both count.
 *
 * @param query of the request, without the question mark.
 */
export function readImageCreate(query: string | undefined): {
  readonly pulls: boolean;
  readonly imports: boolean;
} {
  const images = queryValues(query, 'fromImage');
  return {
    pulls: images.some((image) => image !== ''),
    imports: images.length === 0 || images.includes('') || queryValues(query, 'fromSrc').length > 0,
  };
}
