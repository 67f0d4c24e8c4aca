import type { ExplainedConnect } from '../../egress/explain/explain-connect.js';

/** For people. @param policy the file; undefined where there is none. */
export function explainedConnectText(
  { destination, verdict, rules, notes }: ExplainedConnect,
  policy: string | undefined,
): string {
  const lines = [
    `${verdict}: to connect to ${destination} (policy: ${policy ?? 'none'})`,
    ...rules.map((rule) => `${rule.rule}: ${rule.verdict}: ${rule.why}`),
    ...notes,
  ];
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')).join('\n')}\n`;
}
