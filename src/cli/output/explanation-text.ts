import type { ContainerExplanation } from '../../common/explanation.js';

type Change = ContainerExplanation['changes'][number];

const headlines: Readonly<Record<ContainerExplanation['verdict'], string>> = {
  isolated: 'The container is made, isolated, with these changes:',
  refused: 'The container is refused:',
  'engine-refused': 'The engine refuses before isolation has a say:',
};

/** Characters of a value; system call lists and the like are longer than anyone reads. */
const longestValue = 90;

/** For people. Everything comes from the guest or from images, so control characters are made visible. */
export function explanationText({ verdict, refusals, changes, notes }: ContainerExplanation): string {
  const lines = [
    headlines[verdict],
    ...refusals.flatMap(({ rule, message }) => ['', `${rule}: refused`, `  ${message}`]),
    ...(refusals.length > 0 && changes.length > 0 ? ['', 'Without that, it would be changed:'] : []),
    ...byRule(changes).flatMap(([rule, list]) => [
      '',
      `${rule}: ${list[0]?.why ?? ''}`,
      ...list.map((change) => `  ${change.what}  ${difference(change)}`),
    ]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ];
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')).join('\n')}\n`;
}

function byRule(changes: readonly Change[]): [string, Change[]][] {
  const rules = [...new Set(changes.map(({ rule }) => rule))];
  return rules.map((rule) => [rule, changes.filter((change) => change.rule === rule)]);
}

function difference({ before, after }: Change): string {
  if (after === undefined) return `taken out: ${short(before)}`;
  if (before === undefined) return `added: ${short(after)}`;
  return `${short(before)} → ${short(after)}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}
