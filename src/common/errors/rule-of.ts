import { type ErrorCode, errorRegistry } from './registry.js';

/** A refusal's sentence names the rule that refuses, as `rule <name>`, so its name is taken from there. */
const ruleName = /\brule ([a-z]+(?:-[a-z]+)*)\b/i;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}

/** What a refusal came from, for those who look for it by name: the rule, and the setting that decides it where there is one. */
export function reasonOf(code: ErrorCode): {
  readonly code: ErrorCode;
  readonly rule?: string;
  readonly setting?: string;
} {
  const { message, setting } = errorRegistry[code];
  const rule = ruleName.exec(message)?.[1];
  return { code, ...(rule === undefined ? {} : { rule }), ...(setting === undefined ? {} : { setting }) };
}
