/** A move of a disk that is killed at a step: `killed-move RECORD DISK DIRECTORY linking|copying STEP before|after`. Ends with status 0 when there is no such step. */
import { moveDisk, settleDisk, systemDiskFiles } from '../disk/index.js';
import { dyingDiskFiles } from './dying-disk-files.js';

const [record = '', standard = '', directory = '', way, step, when] = process.argv.slice(2);
const { files } = dyingDiskFiles(
  systemDiskFiles(record),
  { atStep: Number(step), when: when === 'before' ? 'before' : 'after' },
  { linking: way === 'linking', onDeath: () => process.kill(process.pid, 'SIGKILL') },
);
const { file } = await settleDisk(files, standard);
await moveDisk(
  files,
  { instance: 'killed', standard, file, directory, allowed: async () => {} },
  () => undefined,
  new AbortController().signal,
);
