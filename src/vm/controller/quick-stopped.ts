import { readFileSync } from 'node:fs';
import { codeOf } from '../../common/cause.js';

/** As `writeRecord` writes it. */
const stopped = /^\{"pid":\d+,"state":"stopped"\}$/;

/**
 * Whether a record says that its controller ended in order, or there is none: what `inspectInstance` says of it, without what takes long to load. Where it is not that plain, the other way says
 * what it is.
 */
export function wasStoppedInOrder(record: string): boolean {
  try {
    return stopped.test(readFileSync(record, 'utf8'));
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
