import { Option } from 'commander';
import { checkInstanceName, defaultInstanceName } from '../vm/instance/name.js';

/*
 * Apart from the other options, so that a command which has to answer at once loads nothing of what they need.
 */

export function nameOption(): Option {
  return new Option('-n, --name <name>', 'the instance; each has its own VM, data disk and socket')
    .env('BULKHEAD_NAME')
    .default(defaultInstanceName)
    .argParser(checkInstanceName);
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, for scripts');
}
