import { type MountInfo, parseMountInfo as parse } from '../common/mountinfo.js';
import { protocolError } from './wire.js';

/** @throws BulkheadError `BH_RUNTIME_PROTOCOL` when it is no line of /proc/self/mountinfo. */
export function parseMountInfo(line: string): MountInfo {
  const mount = parse(line);
  if (mount === undefined) throw protocolError('a line of the mount table is malformed');
  return mount;
}
