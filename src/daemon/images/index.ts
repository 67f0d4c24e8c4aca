import type { Logger } from '../../common/log.js';
import { type CompiledRules, compileRules } from '../../egress/index.js';
import type { Publishers, Settings } from '../../policy/index.js';
import type { EngineClient } from '../engine/engine-client.js';
import { enginePaths } from '../engine/engine-facts.js';
import { type Judge, judgeAll } from '../gate/judges.js';
import { readContainerRecord } from '../socket-mount/container-record.js';
import { createImageGuard, type ImageGuard } from './image-guard.js';
import { createImageJudge } from './image-judge.js';
import { readImageRecords } from './image-records.js';
import { NotedLayers } from './noted-layers.js';
import { PulledImages } from './pulled-images.js';

export { publishersInForce } from './publishers-in-force.js';

/** Where neither a container nor the engine can write. */
const memoryDirectory = '/var/lib/bulkhead-data/bulkhead/images';

/** What the policy's rules of registries and images are held to here: what the engine is asked to fetch, and what it has. */
export interface ImageRules extends ImageGuard {
  readonly rules: CompiledRules;
  readonly judge: Judge;
}

/** Composes the parts of this room. */
export function openImageRules(
  {
    settings,
    publishers,
  }: { readonly settings: Pick<Settings, 'bulkhead'>; readonly publishers: Publishers },
  client: Pick<EngineClient, 'call'>,
  log: Logger,
): ImageRules {
  const rules = compileRules(settings, publishers);
  const guard = createImageGuard({
    rules,
    records: readImageRecords(enginePaths.dataRoot),
    memory: new PulledImages(memoryDirectory),
    noted: new NotedLayers(memoryDirectory),
    client,
    recordOf: (containerId) => readContainerRecord(enginePaths.dataRoot, containerId),
    log,
  });
  return {
    ...guard,
    rules,
    judge: judgeAll([createImageJudge(rules), (exchange) => guard.beforePush(exchange)]),
  };
}
