import { describe, expect, test } from 'vitest';
import { decideRequest } from './decide-request.js';
import { openPolicy } from './policy.test-support.js';

const top = (given: string, target = '/v1.51/containers/x/top?ps_args='): void => {
  decideRequest(
    { method: 'GET', target: `${target}${encodeURIComponent(given)}`, body: undefined },
    openPolicy,
  );
};

describe('GET /containers/{id}/top', () => {
  test.each([
    '',
    'aux',
    '-ef',
    '-eLf',
    'axww',
    '-o pid,comm',
    '-eo pid,%cpu,args',
    '-eopid,args',
    'axo user,pid --sort -rss',
    '-e --sort=-rss --forest --format pid,args',
  ])('passes ps %j', (given) => {
    expect(() => {
      top(given);
    }).not.toThrow();
  });

  test.each([
    '-eorss=PID,args',
    '-eo rss=PID,args',
    '-e -o rss= -o pid,args',
    '--format=rss=PID',
    '-eo vsz=X\tPID',
    'auxh',
    'aux h',
    '-ehf',
    '-Co h',
    '-po h',
    'au h',
    '--no-headers',
    '--noheadings -ef',
    'o pid h',
    '-e\n-o',
    '-e \u00A0',
    '$x',
  ])('refuses ps %j, by which lines of other processes are shown', (given) => {
    expect(() => {
      top(given);
    }).toThrow('rule process-list refuses');
  });

  test.each([
    '/containers/x/top?ps_args=aux&ps_args=',
    '/containers/x/top?ps%5Fargs=',
    '/v1.24/containers%2Fx/top?a=b&ps_args=',
    '/containers/x/link/top?ps_args=',
    'http://engine/v1.51/containers/x/top?ps_args=',
  ])('is recognised as %s', (target) => {
    expect(() => {
      top('-eorss=PID,args', target);
    }).toThrow('rule process-list refuses');
  });
});
