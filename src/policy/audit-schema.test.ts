import { expect, test } from 'vitest';
import { auditSchema } from './audit-schema.js';

const takes = (endpoint: unknown): boolean => auditSchema.safeParse({ openTelemetry: { endpoint } }).success;

test.each(['https://collector.example.org/v1/logs', 'http://10.0.0.1:4318/v1/logs', 'http://[::1]:4318/'])(
  '%s is a collector',
  (endpoint) => {
    expect(takes(endpoint)).toBe(true);
  },
);

test.each([
  '',
  'collector.example.org',
  'ftp://collector.example.org/',
  'file:///etc/passwd',
  'https://me:secret@collector.example.org/',
  'https://collector.example.org/?key=secret',
  'https://collector.example.org/#x',
  7,
])('%j is none', (endpoint) => {
  expect(takes(endpoint)).toBe(false);
});

test('unknown keys are refused', () => {
  expect(auditSchema.safeParse({ openTelemetry: { endpoint: 'http://a/', headers: {} } }).success).toBe(
    false,
  );
  expect(auditSchema.safeParse({ opentelemetry: {} }).success).toBe(false);
  expect(auditSchema.safeParse({}).success).toBe(true);
});
