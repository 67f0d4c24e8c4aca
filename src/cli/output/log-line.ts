import { z } from 'zod';
import { printable } from '../../common/printable.js';

const lineSchema = z.looseObject({
  time: z.string().optional(),
  service: z.string().optional(),
  component: z.string().optional(),
  level: z.string().optional(),
  msg: z.string(),
});

/** A JSON log line as a person reads it: time, service, level, text. Anything else is shown as it is, without control characters. */
export function formatLogLine(line: string): string {
  const parsed = z.string().transform(parseJson).pipe(lineSchema).safeParse(line);
  if (!parsed.success) return printable(line);
  const { time = '', service, component, level = 'info', msg, ...rest } = parsed.data;
  const facts = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : valueText(value)}`,
  );
  const words = [
    time,
    service ?? component ?? '',
    level === 'info' ? '' : level.toUpperCase(),
    msg,
    ...facts,
  ];
  return words
    .filter((word) => word !== '')
    .map(printable)
    .join(' ');
}

/** What is nested too deeply for JSON.stringify was not written by a logger. */
function valueText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '…';
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
