import type { Rule } from '../draft.js';

/** Prefixes of annotations that runtimes obey rather than carry. */
const obeyed = ['run.oci.', 'org.systemd.property.', 'org.criu.', 'bulkhead.'];

/**
 * Threat: `docker run --annotation` reaches the runtime, and runtimes take orders from annotations (another handler,
 * hook output files on the host, systemd properties of the scope, a CRIU configuration file). They are taken out;
 * all others are only labels.
 */
export const annotationsRule: Rule = {
  name: 'annotations',
  why: 'runtimes obey some annotations instead of carrying them; those are taken out',
  apply(draft) {
    const { annotations, ...spec } = draft.spec;
    if (annotations === undefined) return draft;
    const kept = Object.entries(annotations).filter(
      ([name]) => !obeyed.some((prefix) => name.startsWith(prefix)),
    );
    return { ...draft, spec: { ...spec, annotations: Object.fromEntries(kept) } };
  },
};
