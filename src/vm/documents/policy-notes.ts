import { notCarriedOut } from '../../policy/index.js';
import type { PolicyFile } from './policy-file.js';

/** What whoever starts an engine should hear of the policy it starts with. */
export function policyNotes({ file, settings }: PolicyFile, imageHasKey: boolean): readonly string[] {
  return [
    ...(imageHasKey
      ? []
      : [`The image has no policy key, so it takes ${file} whoever wrote it (image build --policy-key).`]),
    ...notCarriedOut(settings).map((name) => `Not carried out by this version: ${name}`),
  ];
}
