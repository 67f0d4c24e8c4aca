import { expect, test } from 'vitest';
import { gateErrors } from './gate.js';
import { gateSettingsErrors } from './gate-settings.js';
import { reasonOf } from './rule-of.js';

test('a refusal of the gate is known by its rule and setting', () => {
  expect(reasonOf('BH_GATE_MOUNT')).toEqual({ code: 'BH_GATE_MOUNT', rule: 'bind-sources' });
  expect(reasonOf('BH_GATE_PRIVILEGED')).toEqual({
    code: 'BH_GATE_PRIVILEGED',
    rule: 'privileged',
    setting: 'bulkhead.allowPrivileged',
  });
});

/** The audit log takes the name from the sentence. */
test.each(Object.entries({ ...gateErrors, ...gateSettingsErrors }))(
  '%s names its rule',
  (_code, { message }) => {
    expect(message).toMatch(/\brule [a-z]+(-[a-z]+)*\b/i);
  },
);
