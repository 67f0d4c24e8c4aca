import { expect, test } from 'vitest';
import type { Decision } from '../../common/audit-event.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type Caller, developer } from '../../gate/caller.js';
import { parseRequestHead } from '../../gate/http/request-head.js';
import { RequestBody } from '../../gate/request-body.js';
import type { Exchange } from '../gate/exchange.js';
import { exchangeOf } from '../gate/request-side.js';
import { RequestAudit } from './request-audit.js';

function audited(signedIn?: () => string | undefined) {
  const decisions: Decision[] = [];
  const audit = new RequestAudit('b007', (decision) => void decisions.push(decision), signedIn);
  const read = (line: string, caller: Caller = developer): Exchange => {
    const request = parseRequestHead([`${line} HTTP/1.1`, 'Host: docker']);
    const exchange = exchangeOf(request, caller, audit.newId());
    audit.read(exchange);
    audit.passed(exchange.id);
    return exchange;
  };
  return { audit, decisions, read };
}

const mount = new BulkheadError('BH_GATE_MOUNT', { source: '/etc' });
const asks = (id: string | undefined) => ({
  id,
  method: 'POST',
  target: '/v1.51/containers/create?name=web',
});

test('a request that is answered is one event', () => {
  const { audit, decisions, read } = audited();
  audit.answered(read('GET /v1.51/containers/web/json?size=1').id, 200);
  expect(decisions).toEqual([
    {
      kind: 'request',
      outcome: 'allowed',
      who: { kind: 'developer' },
      request: 'b007-1',
      operation: 'ContainerInspect',
      method: 'GET',
      path: '/containers/web/json',
      container: 'web',
      status: 200,
    },
  ]);
});

test('a request of somebody who is signed in is theirs, and one of a container is not', () => {
  let subject: string | undefined = 'ada\u001B[2J';
  const { audit, decisions, read } = audited(() => subject);
  const container = { kind: 'container', id: 'abc', image: 'tool' } as const;
  const [hers, other] = [read('GET /v1.51/info'), read('GET /v1.51/info', container)];
  subject = undefined;
  audit.answered(hers.id, 200);
  audit.refused({ id: other.id }, container, mount);
  audit.answered(read('GET /v1.51/info').id, 200);
  subject = 'bob';
  audit.refused({ id: 'unread' }, developer, mount);
  expect(decisions.map((decision) => decision.who)).toEqual([
    { kind: 'user', subject: 'ada [2J' },
    container,
    { kind: 'developer' },
    { kind: 'user', subject: 'bob' },
  ]);
});

test('a refusal of the gate says which rule, setting and request', () => {
  const { audit, decisions, read } = audited();
  const caller = { kind: 'container', id: 'abc', image: 'ci\u001B[2Jtool' } as const;
  const { id } = read('POST /v1.51/containers/web/exec', caller);
  audit.refused({ id }, caller, new BulkheadError('BH_GATE_PRIVILEGED', { contact: 'x' }));
  expect(decisions).toEqual([
    {
      kind: 'request',
      outcome: 'refused',
      who: { kind: 'container', id: 'abc', image: 'ci [2Jtool' },
      request: id,
      operation: 'ContainerExec',
      method: 'POST',
      path: '/containers/web/exec',
      container: 'web',
      code: 'BH_GATE_PRIVILEGED',
      rule: 'privileged',
      setting: 'bulkhead.allowPrivileged',
      by: 'gate',
    },
  ]);
});

test('a request that could not be read has an event as well', () => {
  const { audit, decisions } = audited();
  audit.refused({ id: audit.newId() }, developer, new BulkheadError('BH_GATE_HTTP', { reason: 'x' }));
  expect(decisions).toEqual([
    {
      kind: 'request',
      outcome: 'refused',
      who: { kind: 'developer' },
      request: 'b007-1',
      code: 'BH_GATE_HTTP',
      rule: 'request-form',
      by: 'gate',
    },
  ]);
});

test('one for an endpoint that nobody knows is described as far as it was read', () => {
  const { audit, decisions } = audited();
  const request = parseRequestHead(['GET /v1.51/no/such?x=secret HTTP/1.1', 'Host: docker']);
  audit.refused({ id: 'i', request }, developer, new BulkheadError('BH_GATE_UNKNOWN_ENDPOINT'));
  expect(decisions).toMatchObject([{ method: 'GET', path: '/no/such' }]);
  expect(JSON.stringify(decisions)).not.toContain('secret');
});

test('what dockerd was told about a request is in the event of that request', () => {
  const { audit, decisions, read } = audited();
  const exchange = read('POST /v1.51/containers/create?name=web');
  audit.body(exchange, new RequestBody('{"iMage":"alpine","Env":["SECRET=1"]}').folded);
  audit.denied(asks(exchange.id), mount);
  audit.answered(exchange.id, 403);
  expect(decisions).toHaveLength(1);
  expect(decisions[0]).toMatchObject({
    outcome: 'refused',
    request: exchange.id,
    code: 'BH_GATE_MOUNT',
    rule: 'bind-sources',
    by: 'authorization',
    status: 403,
    container: 'web',
    image: 'alpine',
  });
  expect(JSON.stringify(decisions)).not.toContain('SECRET');
});

test('a container that was made is known by its id', () => {
  const { audit, decisions, read } = audited();
  const exchange = read('POST /v1.51/containers/create');
  audit.body(exchange, new RequestBody('{"Image":"alpine"}').folded);
  audit.made(exchange.id, '{"Id":"0123","Warnings":[]}');
  audit.answered(exchange.id, 201);
  expect(decisions[0]).toMatchObject({ outcome: 'allowed', container: '0123', image: 'alpine' });
});

test('a client that does not wait for the answer hides nothing', () => {
  const { audit, decisions, read } = audited();
  const caller = { kind: 'container', id: 'abc', image: 'ci' } as const;
  const exchange = read('POST /v1.51/containers/create?name=web', caller);
  audit.over(exchange.id);
  audit.denied(asks(exchange.id), mount);
  expect(decisions).toMatchObject([
    { outcome: 'allowed', request: exchange.id },
    { outcome: 'refused', request: exchange.id, who: { kind: 'container' }, code: 'BH_GATE_MOUNT' },
  ]);
  expect(decisions[0]).not.toHaveProperty('status');
});

test('a request that its client breaks off before it was decided on was not let through', () => {
  const { audit, decisions } = audited();
  const request = parseRequestHead(['POST /v1.51/containers/create HTTP/1.1', 'Host: docker']);
  const exchange = exchangeOf(request, developer, 'cut');
  audit.read(exchange);
  audit.over('cut');
  expect(decisions).toMatchObject([{ outcome: 'failed', request: 'cut' }]);
});

test('what did not come through the gate is bulkheadd itself', () => {
  const { audit, decisions } = audited();
  audit.denied({ ...asks(undefined), target: '/v1.51/containers/x/exec?a=secret' }, mount);
  expect(decisions).toMatchObject([
    { who: { kind: 'bulkheadd' }, path: '/containers/x/exec', container: 'x', by: 'authorization' },
  ]);
  expect(JSON.stringify(decisions)).not.toContain('secret');
});

test('no text of a client acts on a terminal, or is longer than 300 characters', () => {
  const { audit, decisions, read } = audited();
  audit.answered(read(`GET /containers/${'%1B[31m%C2%9B'.repeat(30)}${'x'.repeat(3000)}/json`).id, 404);
  const text = JSON.stringify(decisions);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const lengths = Object.values(decisions[0] ?? {}).map((value) => JSON.stringify(value).length);
  expect(Math.max(...lengths)).toBeLessThan(300);
});
