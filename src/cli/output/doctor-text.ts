import { printable } from '../../common/printable.js';
import type { Level } from '../doctor/check.js';
import type { CheckReport } from '../doctor/run-checks.js';

const marks: Readonly<Record<Level, string>> = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' };

/** A line for each finding, under it what to do about it, and a last line that counts. */
export function doctorText(reports: readonly CheckReport[]): string {
  const width = Math.max(0, ...reports.map(({ check }) => check.length));
  const lines = reports.flatMap(({ check, level, text, cure }) => {
    const line = `${marks[level].padEnd(8)} ${check.padEnd(width)}  ${printable(text)}`;
    return cure === undefined ? [line] : [line, `${' '.repeat(8 + 1 + width + 2)}→ ${printable(cure)}`];
  });
  return `${lines.join('\n')}\n${summary(reports)}\n`;
}

function summary(reports: readonly CheckReport[]): string {
  const count = (level: Level): number => reports.filter((report) => report.level === level).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems === 0 && warnings === 0) return 'Nothing to mend.';
  return `${plural(problems, 'problem')} to mend, ${plural(warnings, 'warning')}.`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
