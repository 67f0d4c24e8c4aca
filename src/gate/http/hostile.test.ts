import { expect, test } from 'vitest';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { hostileRequests } from './hostile.test-support.js';
import { readWhole } from './read-whole.test-support.js';

function outcome(bytes: Buffer, cuts: readonly number[]): unknown {
  try {
    return readWhole(bytes, cuts);
  } catch (error) {
    if (isBulkheadError(error)) return error;
    throw error;
  }
}

test.each(Object.entries(hostileRequests))('%s is refused', (_what, text) => {
  expect(outcome(Buffer.from(text, 'latin1'), [])).toMatchObject({ code: 'BH_GATE_HTTP' });
});

test.each(Object.entries(hostileRequests).filter(([, text]) => text.length < 500))(
  '%s is refused wherever it is cut in two',
  (_what, text) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = outcome(bytes, []);
    for (let cut = 1; cut < bytes.length; cut += 1) expect(String(outcome(bytes, [cut]))).toBe(String(whole));
  },
);

test('the table is of a size', () => {
  expect(Object.keys(hostileRequests).length).toBeGreaterThanOrEqual(85);
});

const ordinary = {
  ping: 'HEAD /_ping HTTP/1.1\r\nHost: api.moby.localhost\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n\r\n',
  create:
    'POST /v1.51/containers/create?name=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  load: 'POST /v1.51/images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n',
  attach:
    'POST /v1.51/containers/a/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n',
  curl: 'GET /info HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nAccept: */*\r\n\r\n',
};

test.each(Object.entries(ordinary))(
  '%s is read alike wherever it is cut, and not a byte further',
  (_what, text) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = readWhole(bytes);
    expect(whole).toBeDefined();
    expect(whole?.left).toBe(0);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(readWhole(bytes, [cut])).toEqual(whole);
      expect(readWhole(bytes.subarray(0, cut))).toBeUndefined();
    }
    expect(
      readWhole(
        bytes,
        Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
      ),
    ).toEqual(whole);
    expect(readWhole(Buffer.concat([bytes, Buffer.from('GET ')]))).toEqual({ ...whole, left: 4 });
  },
);
