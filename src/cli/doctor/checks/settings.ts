import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { readUserFile } from '../../settings-in-use.js';
import { type Check, ok, problemOf } from '../check.js';

interface Facts {
  readonly refusal: BulkheadError | undefined;
  readonly file: string;
  /** How many keys stand in it. */
  readonly count: number;
}

export const settingsCheck: Check<Facts> = {
  name: 'settings',
  async gather({ env }) {
    try {
      const { file, document } = await readUserFile(env);
      return { refusal: undefined, file, count: Object.keys(document).length };
    } catch (error) {
      if (isBulkheadError(error)) return { refusal: error, file: '', count: 0 };
      throw error;
    }
  },
  judge: ({ refusal, file, count }) => [
    refusal === undefined ? ok(count === 0 ? `none of your own (${file})` : file) : problemOf(refusal),
  ],
};
