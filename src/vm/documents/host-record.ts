import { readIfThere, replaceDurably } from '../../common/durable-file.js';
import { parseSerialRecord, serialRecordText } from '../../policy/index.js';

/** The highest serial a policy had on this instance, as the host remembers it; 0 where it does not. @throws BH_POLICY_RECORD */
export function readHostSerial(file: string): number {
  return parseSerialRecord(readIfThere(file), file);
}

/** Never lowers it. @throws BH_POLICY_RECORD; what the system says. */
export function raiseHostSerial(file: string, serial: number): void {
  if (serial > readHostSerial(file)) replaceDurably(file, serialRecordText(serial));
}
