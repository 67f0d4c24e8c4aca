import { type ShareRequest, shareText } from '../vm/sharing/index.js';

/**
 * What a person hears who names other directories than the VM that runs was booted with; undefined where they are the same, or none is named. What is
 * named for a start is no change of what runs: others may use it. Pure.
 */
export function otherShares(
  named: readonly ShareRequest[],
  shared: readonly ShareRequest[],
): string | undefined {
  if (named.length === 0) return undefined;
  const [wanted, has] = [named, shared].map((shares) => new Set(shares.map(shareText)));
  const without = [...(wanted ?? [])].filter((text) => has?.has(text) !== true);
  const beside = [...(has ?? [])].filter((text) => wanted?.has(text) !== true);
  const words = [
    ...(without.length > 0 ? [`without ${without.join(', ')}`] : []),
    ...(beside.length > 0 ? [`with ${beside.join(', ')}`] : []),
  ];
  return words.length === 0
    ? undefined
    : `Restart needed: it was booted ${words.join(', and ')}. \`bulkhead down\`, then \`bulkhead up\` with the same --share; or at once \`bulkhead share add\` and \`bulkhead share remove\`, where it was booted with one.`;
}
