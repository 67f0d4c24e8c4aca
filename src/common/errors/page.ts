import { type ErrorDefinition, ExitCode } from './definition.js';
import { errorRegistry } from './registry.js';

/** The text of docs/errors.md: every code, what it says, what decides it, what to do, and the exit status. */
export function errorsPage(): string {
  const rows = Object.entries(errorRegistry)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([code, definition]) => row(code, definition));
  const statuses = Object.entries(ExitCode).map(([name, status]) => `| ${status} | ${name} |`);
  return [
    '# Errors',
    '',
    'Generated from `src/common/errors` by `node scripts/errors-page.ts`; do not edit. Words in braces are filled in.',
    '',
    '| code | what it says | setting | what to do | exit |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Exit statuses',
    '',
    '| status | name |',
    '| --- | --- |',
    ...statuses,
    '',
  ].join('\n');
}

function row(code: string, { message, setting, remedy, exitCode }: ErrorDefinition): string {
  const cells = [`\`${code}\``, message, setting ?? '', remedy, String(exitCode)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
