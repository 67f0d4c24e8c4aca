import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** More than anybody keeps of one container. */
const most = 1000;

/**
 * `--log-opt max-file=…`. Threat: dockerd goes through all the numbers there may be, whether there are such files or not, at each rotation of a log and each
 * time it is read (daemon/logger/loggerutils/logfile.go, `rotate` and `openRotatedFiles`). With two thousand million of them one `docker logs`, broken off
 * at once, keeps dockerd at work for an hour and makes its memory grow meanwhile, and a container whose log has rotated once can't be removed.
 *
 * Throws `BH_GATE_LOG_FILES`. What is no number is dockerd's to refuse.
 */
export function checkLogFiles(count: string): void {
  if (/^[+-]?\d+$/.test(count) && Number(count) > most)
    throw new BulkheadError('BH_GATE_LOG_FILES', { count: count.slice(0, 32), most });
}
