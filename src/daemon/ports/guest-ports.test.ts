import { expect, test } from 'vitest';
import { mostPublished } from '../../common/ports.js';
import { GuestPorts } from './guest-ports.js';

test('a port that was given back is the last to be used again', () => {
  const ports = new GuestPorts(64_511);
  expect(ports.take(0)).toBe(65_535);
  ports.give(65_535);
  expect(ports.take(0)).toBe(1024);
  expect(ports.take(0)).toBe(1025);
});

test('the port a lease had is its own again, unless somebody has it', () => {
  const ports = new GuestPorts(0);
  expect(ports.take(5000)).toBe(5000);
  expect(ports.take(5000)).toBeUndefined();
  expect(ports.take(80)).toBeUndefined();
  expect(ports.full).toBe(false);
});

test('what an earlier bulkheadd has left is passed over', () => {
  const ports = new GuestPorts(0);
  expect(ports.take(0, (port) => port > 1030)).toBe(1031);
});

test('there are only so many', () => {
  const ports = new GuestPorts(0);
  for (let taken = 0; taken < mostPublished; taken++) expect(ports.take(0)).toBeDefined();
  expect(ports.take(0)).toBeUndefined();
  expect(ports.full).toBe(true);
  ports.give(1024);
  expect(ports.take(0)).toBe(1024 + mostPublished);
});
