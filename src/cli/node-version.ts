/** The first with everything the code needs of it, such as JSON that loses no digits. */
export const oldestNode = 24;

export function isNodeTooOld(version: string): boolean {
  return Number(version.split('.')[0]) < oldestNode;
}
