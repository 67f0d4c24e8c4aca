import { expect, test } from 'vitest';
import { mostOfContainer, mostPublished } from '../../common/ports.js';
import { GuestPorts } from './guest-ports.js';

const [web, names] = ['172.17.0.2', '172.17.0.3'] as const;

test('a port that was given back is the last to be used again', () => {
  const ports = new GuestPorts(64_511);
  expect(ports.take(0, web)).toBe(65_535);
  ports.give(65_535);
  expect(ports.take(0, web)).toBe(1024);
  expect(ports.take(0, web)).toBe(1025);
});

test('the port a lease had is its own again, unless somebody has it', () => {
  const ports = new GuestPorts(0);
  expect(ports.take(5000, web)).toBe(5000);
  expect(ports.take(5000, web)).toBeUndefined();
  expect(ports.take(80, web)).toBeUndefined();
  expect(ports.refusalOf(web)).toBeUndefined();
});

test('what an earlier bulkheadd has left is passed over', () => {
  const ports = new GuestPorts(0);
  expect(ports.take(0, web, (port) => port > 1030)).toBe(1031);
});

test('there are only so many, and one container has only half of them', () => {
  const ports = new GuestPorts(0);
  for (let taken = 0; taken < mostOfContainer; taken++) ports.take(0, web);
  expect(ports.refusalOf(web)).toContain(`the container has ${mostOfContainer} published ports already`);
  expect(ports.refusalOf(names)).toBeUndefined();
  for (let taken = mostOfContainer; taken < mostPublished; taken++) ports.take(0, names);
  expect(ports.refusalOf('172.17.0.4')).toContain(`there are ${mostPublished} published ports already`);
  ports.give(1024);
  expect(ports.refusalOf(web)).toBeUndefined();
  expect(ports.refusalOf(names)).toContain('the container has');
  expect(ports.take(0, web)).toBe(1024 + mostPublished);
});
