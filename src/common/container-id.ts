const fullId = /^[0-9a-f]{64}$/;

/** Whether a reference to a container is its whole id, and so that container for good: none has a name of that form (`src/gate/joined-network.ts`). */
export function isFullId(reference: string): boolean {
  return fullId.test(reference);
}
