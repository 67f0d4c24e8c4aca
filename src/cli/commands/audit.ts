import { Command, Option } from 'commander';
import type { AuditQuery } from '../../common/audit-event.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { printableJson } from '../../common/printable.js';
import type { CliContext } from '../context.js';
import { findEngine } from '../find-engine.js';
import { jsonOption, nameOption } from '../options.js';
import { auditText } from '../output/audit-text.js';

interface AuditFlags {
  readonly name: string;
  readonly follow?: boolean;
  readonly since?: string;
  readonly json?: boolean;
}

export function auditCommand(context: CliContext): Command {
  return new Command('audit')
    .description('print what was allowed and refused, to whom, and by which rule')
    .addOption(nameOption())
    .addOption(new Option('-f, --follow', 'go on with new decisions until Ctrl-C'))
    .addOption(
      new Option(
        '--since <when>',
        'only from then on: a time span back from now such as 90s, 15m, 2h or 7d, or a date such as 2026-11-21T10:00Z',
      ).argParser((text: string) => instantOf(text, Date.now())),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Columns: time (UTC), outcome, who asked, what for, and of a refusal the rule, the setting that decides it, and the code
(docs/errors.md). Of very many decisions of the same kind only the first are lines; how many more there were is a line
of its own. docs/policy.md, "Audit log", describes the fields of --json.

Examples:
  $ bulkhead audit --since 15m
  $ bulkhead audit --follow --json | jq 'select(.outcome == "refused")'`,
    )
    .action(async ({ name, follow, since, json }: AuditFlags) => {
      const engine = await findEngine(name);
      const query: AuditQuery = {
        ...(follow === undefined ? {} : { follow }),
        ...(since === undefined ? {} : { since }),
      };
      const print = (line: string): void =>
        context.terminal.out(`${json === true ? printableJson(line) : auditText(line)}\n`);
      await engine.audit(query, print, context.signal);
    });
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A point in time in the form the log has. Throws BH_OPTION_VALUE. @param now milliseconds since 1970. */
export function instantOf(text: string, now: number): string {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const back = Number(count) * (unitSeconds[unit] ?? 0) * 1000;
  // Without a zone it would mean another time on every machine.
  const dated = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const milliseconds = unit === '' ? (dated ? Date.parse(text) : Number.NaN) : now - back;
  if (Number.isNaN(milliseconds) || milliseconds < 0) {
    const rule = 'a time span such as 90s, 15m, 2h or 7d, or a date such as 2026-11-21T10:00Z';
    throw new BulkheadError('BH_OPTION_VALUE', { option: '--since', value: text, rule });
  }
  return new Date(milliseconds).toISOString();
}
