import { describe, expect, test } from 'vitest';
import { pacFunctions } from './pac-functions.js';
import type { PacValue } from './pac-value.js';

/** A Wednesday. */
const noon = new Date(2026, 10, 25, 12, 30, 15);

function call(name: string, args: readonly PacValue[], now = noon): PacValue | undefined {
  const resolve = (asked: string) => (asked === 'a.example' ? '10.1.2.3' : null);
  return pacFunctions({ now: () => now, resolve, ownAddress: '192.0.2.1' })[name]?.(...args);
}

describe('pacFunctions', () => {
  test.each<[string, readonly PacValue[], PacValue]>([
    ['isPlainHostName', ['www'], true],
    ['isPlainHostName', ['www.example'], false],
    ['isPlainHostName', ['::1'], false],
    ['dnsDomainIs', ['www.Example', '.example'], true],
    ['dnsDomainIs', ['www.example', '.other'], false],
    ['localHostOrDomainIs', ['www', 'www.example'], true],
    ['localHostOrDomainIs', ['www.example', 'www.example'], true],
    ['localHostOrDomainIs', ['www.other', 'www.example'], false],
    ['localHostOrDomainIs', ['ww', 'www.example'], false],
    ['isResolvable', ['A.example'], true],
    ['isResolvable', ['b.example'], false],
    ['dnsResolve', ['a.example'], '10.1.2.3'],
    ['dnsResolve', ['192.0.2.9'], '192.0.2.9'],
    ['dnsResolve', ['b.example'], null],
    ['isInNet', ['a.example', '10.0.0.0', '255.0.0.0'], true],
    ['isInNet', ['a.example', '10.1.2.3', '255.255.255.255'], true],
    ['isInNet', ['200.1.2.3', '200.0.0.0', '255.0.0.0'], true],
    ['isInNet', ['a.example', '11.0.0.0', '255.0.0.0'], false],
    ['isInNet', ['b.example', '0.0.0.0', '0.0.0.0'], false],
    ['isInNet', ['a.example', '10.0.0', '255.0.0.0'], false],
    ['isInNet', ['a.example', '10.0.0.0', 'x'], false],
    ['convert_addr', ['10.0.0.1'], 167_772_161],
    ['convert_addr', ['x'], 0],
    ['dnsDomainLevels', ['a.b.example'], 2],
    ['dnsDomainLevels', ['www'], 0],
    ['shExpMatch', ['http://home.example/people/ari/index.html', '*/ari/*'], true],
    ['shExpMatch', ['http://home.example/people/montulli/index.html', '*/ari/*'], false],
    ['shExpMatch', ['a.example', '?.example'], true],
    ['shExpMatch', ['axexample', '?.example'], false],
    ['shExpMatch', ['(a|b)', '(a|b)'], true],
    ['myIpAddress', [], '192.0.2.1'],
    ['weekdayRange', ['WED'], true],
    ['weekdayRange', ['mon', 'FRI'], true],
    ['weekdayRange', ['FRI', 'MON'], false],
    ['weekdayRange', ['SAT', 'WED'], true],
    ['weekdayRange', ['XXX'], false],
    ['weekdayRange', [], false],
    ['timeRange', [12], true],
    ['timeRange', [11], false],
    ['timeRange', [9, 12], true],
    ['timeRange', [13, 17], false],
    ['timeRange', [22, 12], true],
    ['timeRange', [22, 6], false],
    ['timeRange', [12, 0, 12, 30], true],
    ['timeRange', [12, 31, 13, 0], false],
    ['timeRange', [12, 30, 0, 12, 30, 15], true],
    ['timeRange', [12, 30, 16, 12, 30, 20], false],
    ['timeRange', [1, 2, 3], false],
    ['timeRange', ['x'], false],
    ['dateRange', [25], true],
    ['dateRange', [24], false],
    ['dateRange', [20, 30], true],
    ['dateRange', [28, 25], true],
    ['dateRange', ['NOV'], true],
    ['dateRange', ['JAN', 'MAR'], false],
    ['dateRange', ['OCT', 'FEB'], true],
    ['dateRange', [2026], true],
    ['dateRange', [1995, 1997], false],
    ['dateRange', [1, 'JUN', 15, 'AUG'], false],
    ['dateRange', [1, 'JUN', 25, 'NOV'], true],
    ['dateRange', ['OCT', 2026, 'MAR', 2027], true],
    ['dateRange', [24, 'DEC', 2025, 25, 'NOV', 2026], true],
    ['dateRange', [24, 'DEC', 2025, 24, 'NOV', 2026], false],
    ['dateRange', [24, 'DEC'], false],
    ['dateRange', [0], false],
    ['dateRange', [], false],
  ])('%s(%j) is %s', (name, args, expected) => {
    expect(call(name, args)).toBe(expected);
  });

  test('GMT is another time than the one here', () => {
    const midnight = new Date(Date.UTC(2026, 0, 1, 0, 30));
    expect(call('timeRange', [0, 'GMT'], midnight)).toBe(true);
    expect(call('dateRange', [1, 'JAN', 2026, 1, 'JAN', 2026, 'GMT'], midnight)).toBe(true);
    expect(call('weekdayRange', ['THU', 'GMT'], midnight)).toBe(true);
    expect(call('weekdayRange', ['FRI', 'GMT'], midnight)).toBe(false);
  });
});
