import {
  type AuditCaller,
  type AuditEvent,
  type AuditLine,
  auditLineSchema,
} from '../../common/audit-event.js';
import { printable } from '../../common/printable.js';

/** Characters of a container's id that tell it from others. */
const shortId = 12;

/**
 * A line of the audit log as a person reads it: when, what came of it, who, what, and by which rule. Anything else is shown as it is; no
 * control character gets through, because the words in it are those of containers and clients.
 */
export function auditText(line: string): string {
  const event = parsed(line);
  if (event === undefined) return printable(line);
  if (event.kind === 'behind') return `${event.count} lines were passed over, because they came too fast`;
  const when = event.time.replace('T', ' ').replace('Z', '');
  return columns([when, outcomeOf(event), whoOf(event), what(event), ruleOf(event)]);
}

function parsed(line: string): AuditLine | undefined {
  try {
    return auditLineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

const widths = [23, 10, 12, 44, 0];

function columns(words: readonly string[]): string {
  return words
    .map((word, index) => printable(word).padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

function outcomeOf(event: AuditEvent): string {
  return 'outcome' in event ? event.outcome : event.kind;
}

function whoOf(event: AuditEvent): string {
  return 'who' in event ? callerText(event.who) : 'bulkheadd';
}

function callerText(who: AuditCaller): string {
  switch (who.kind) {
    case 'container':
      return `${who.id.slice(0, shortId)} (${who.image})`;
    case 'user':
      return who.name ?? who.subject;
    case 'developer':
    case 'build':
    case 'nobody':
    case 'engine':
    case 'bulkheadd':
      return who.kind;
  }
}

function what(event: AuditEvent): string {
  switch (event.kind) {
    case 'request':
      return phrase(event.operation ?? `${event.method ?? 'unreadable'} ${event.path ?? ''}`, event);
    case 'container':
      return phrase('container', event);
    case 'socket-mount':
      return phrase('Docker socket', event);
    case 'connection':
      return `to ${event.destination}${event.reached === false ? ', not reached' : ''}`;
    case 'policy':
      return `policy ${event.policy}, bulkheadd ${event.version}`;
    case 'sign-in':
      return event.action;
    case 'suppressed': {
      const total = event.decisions.reduce((sum, { count }) => sum + count, event.others);
      return `${total} decisions like ones before: ${event.decisions.map(suppressedText).join(', ')}`;
    }
    case 'lost':
      return `${event.count} lines could not be written: ${event.reason}`;
  }
}

function suppressedText({
  who,
  outcome,
  code,
  count,
}: (AuditEvent & { kind: 'suppressed' })['decisions'][number]): string {
  return [String(count), outcome, callerText(who), code ?? ''].filter(Boolean).join(' ');
}

function phrase(
  first: string,
  { container, image }: { container?: string | undefined; image?: string | undefined },
): string {
  const named =
    container !== undefined && /^[0-9a-f]{64}$/.test(container) ? container.slice(0, shortId) : container;
  return [first, named ?? '', image === undefined ? '' : `(${image})`].filter(Boolean).join(' ');
}

function ruleOf(event: AuditEvent): string {
  const { rule, setting, code } = { rule: undefined, setting: undefined, code: undefined, ...event };
  return [rule === undefined ? '' : `rule ${rule}`, setting ?? '', code ?? ''].filter(Boolean).join(', ');
}
