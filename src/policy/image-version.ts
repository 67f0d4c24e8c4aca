/** Numbers between dots, most significant first; a part that is missing counts as 0. */
export const versionPattern = /^\d{1,9}(?:\.\d{1,9}){0,3}$/;

/** Whether `version` is at least `minimum`; both of `versionPattern`. Compared as numbers: 0.10 is newer than 0.9. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let index = 0; index < 4; index += 1) {
    const difference = (have?.[index] ?? 0) - (need?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
