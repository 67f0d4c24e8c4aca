import type { ExplainedImage } from '../../egress/index.js';

/** For people. @param policy the file; undefined where there is none. */
export function explainedImageText(
  { operation, image, host, verdict, rules, notes }: ExplainedImage,
  policy: string | undefined,
): string {
  const lines = [
    `${verdict}: to ${operation} ${image}, at ${host} (policy: ${policy ?? 'none'})`,
    ...rules.map((rule) => `${rule.rule}: ${rule.verdict}: ${rule.why}`),
    ...notes,
  ];
  return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')).join('\n')}\n`;
}
