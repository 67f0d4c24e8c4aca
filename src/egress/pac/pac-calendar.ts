import type { PacValue } from './pac-value.js';

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** What a clock on the wall shows, here or in Greenwich. */
interface Moment {
  readonly day: number;
  readonly month: number;
  readonly year: number;
  readonly weekday: number;
  readonly seconds: number;
}

/** The last argument may be `GMT`. */
function split(
  args: readonly PacValue[],
  now: Date,
): { readonly rest: readonly PacValue[]; readonly moment: Moment } {
  const greenwich = args.at(-1) === 'GMT';
  const shifted = greenwich ? now : new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return {
    rest: greenwich ? args.slice(0, -1) : args,
    moment: {
      day: shifted.getUTCDate(),
      month: shifted.getUTCMonth(),
      year: shifted.getUTCFullYear(),
      weekday: shifted.getUTCDay(),
      seconds: shifted.getUTCHours() * 3600 + shifted.getUTCMinutes() * 60 + shifted.getUTCSeconds(),
    },
  };
}

/** Both ends belong to it; one that ends before it begins goes over the turn of the week, the day or the year. */
function isBetween(value: number, first: number, last: number): boolean {
  return first <= last ? value >= first && value <= last : value >= first || value <= last;
}

/** `weekdayRange("MON", "FRI")`, `weekdayRange("SAT", "GMT")`. */
export function weekdayRange(now: Date, args: readonly PacValue[]): boolean {
  const { rest, moment } = split(args, now);
  const days = rest.map((day) => weekdays.indexOf(String(day).toUpperCase()));
  const [first = -1, last = first] = days;
  return !days.includes(-1) && days.length <= 2 && first >= 0 && isBetween(moment.weekday, first, last);
}

/** `timeRange(12)`, `timeRange(9, 17)`, `timeRange(8, 30, 17, 0)`, `timeRange(0, 0, 0, 0, 0, 30)`; what is not named of the end is all of it: `timeRange(9, 17)` goes to 17:59:59. */
export function timeRange(now: Date, args: readonly PacValue[]): boolean {
  const { rest, moment } = split(args, now);
  const numbers = rest.map(Number);
  if (![1, 2, 4, 6].includes(numbers.length) || !numbers.every(Number.isInteger)) return false;
  const half = Math.max(1, numbers.length / 2);
  const [hour = 0, minute = 0, second = 0] = numbers.slice(0, half);
  const [lastHour = hour, lastMinute = 59, lastSecond = 59] = numbers.slice(numbers.length === 1 ? 0 : half);
  return isBetween(
    moment.seconds,
    hour * 3600 + minute * 60 + second,
    lastHour * 3600 + lastMinute * 60 + lastSecond,
  );
}

/** `dateRange(24)`, `dateRange("JAN", "MAR")`, `dateRange(1, "JUN", 1995, 15, "AUG", 1995)`: only what is named of a date is compared. */
export function dateRange(now: Date, args: readonly PacValue[]): boolean {
  const { rest, moment } = split(args, now);
  if (rest.length !== 1 && (rest.length % 2 !== 0 || rest.length === 0 || rest.length > 6)) return false;
  const half = Math.max(1, rest.length / 2);
  const first = rest.slice(0, half).map(partOf);
  const last = rest.length === 1 ? first : rest.slice(half).map(partOf);
  const kinds = first.map((part) => part?.kind);
  const named = new Set(kinds);
  if (named.has(undefined) || named.size !== kinds.length) return false;
  if (new Set(last.map((part) => part?.kind)).size !== kinds.length) return false;
  if (!last.every((part) => named.has(part?.kind))) return false;
  const here = kinds.flatMap((kind) => (kind === undefined ? [] : [{ kind, value: moment[kind] }]));
  return isBetween(order(here), order(first), order(last));
}

interface DatePart {
  readonly kind: 'day' | 'month' | 'year';
  readonly value: number;
}

function partOf(value: PacValue): DatePart | undefined {
  const month = months.indexOf(String(value).toUpperCase());
  if (month >= 0) return { kind: 'month', value: month };
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) return undefined;
  return number <= 31 ? { kind: 'day', value: number } : { kind: 'year', value: number };
}

const weights = { day: 1, month: 100, year: 10_000 } as const;

function order(parts: readonly (DatePart | undefined)[]): number {
  return parts.reduce((sum, part) => (part === undefined ? sum : sum + part.value * weights[part.kind]), 0);
}
