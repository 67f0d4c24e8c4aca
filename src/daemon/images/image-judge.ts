import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { canonicalImage, type CompiledRules, decideLoad, decideNamed } from '../../egress/index.js';
import { imageArchive } from '../../gate/image-archives.js';
import { askedImages } from '../../gate/image-names.js';
import type { Exchange } from '../gate/exchange.js';
import type { Judge } from '../gate/judges.js';

/**
 * Refuses what the policy's rules of registries and images refuse, before the engine asks anybody: whoever pulls reads rule, setting and contact at once. Builds fetch by
 * themselves, and are not seen here.
 */
export function createImageJudge(rules: CompiledRules): Judge {
  const { registries, images } = rules;
  if (registries === undefined && images === undefined) return () => undefined;
  return ({ operation, request: { query, fields } }: Exchange) => {
    const archive = imageArchive({ id: operation.id, query, fields });
    if (images !== undefined && archive !== undefined) refuse(decideLoad(images, archive, rules.contact));
    for (const { operation: access, name, whole } of askedImages(operation, query)) {
      const image = canonicalImage(name);
      // To be safe, also where dockerd takes it: a host that is read in several ways can be held against no rule.
      if (image === undefined) throw new BulkheadError('BH_IMAGE_UNREADABLE', { image: name });
      // Beside a digest dockerd asks for no tag (distribution/pull_v2.go, pullTag): one that is admitted would admit any version.
      const untagged = whole || image.digest !== undefined;
      const { registry, images: ofImage } = decideNamed(
        rules,
        untagged ? { ...image, tag: undefined } : image,
        access,
      );
      refuse(registry);
      refuse(ofImage);
    }
    return undefined;
  };
}

function refuse(verdict: ReturnType<typeof decideLoad> | undefined): void {
  if (verdict?.verdict === 'refuse') throw verdict.error;
}
