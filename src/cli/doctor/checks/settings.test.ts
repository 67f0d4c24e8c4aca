import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { judged } from '../test-support/judged.js';
import { settingsCheck } from './settings.js';

test('the file, none, or one that nothing starts with', () => {
  expect(judged(settingsCheck, { refusal: undefined, file: '/s.json', count: 2 })).toEqual(['ok: /s.json']);
  expect(judged(settingsCheck, { refusal: undefined, file: '/s.json', count: 0 })[0]).toMatch(/^ok: none/);
  const refusal = new BulkheadError('BH_SETTINGS_FILE', { file: '/s.json', reason: 'EACCES' });
  expect(judged(settingsCheck, { refusal, file: '', count: 0 })[0]).toMatch(/^problem: .*\/s\.json/);
});
