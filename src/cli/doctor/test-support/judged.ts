import type { Check } from '../check.js';

/** What a check makes of facts, a line a finding; a cure has to be there wherever something is wrong, and nowhere else. */
export function judged<Facts>(check: Check<Facts>, facts: Facts): string[] {
  return check.judge(facts).map(({ level, text, cure }) => {
    if ((cure === undefined) !== (level === 'ok')) throw new Error(`${level} with cure ${cure}: ${text}`);
    return `${level}: ${text}${cure === undefined ? '' : ` → ${cure}`}`;
  });
}
