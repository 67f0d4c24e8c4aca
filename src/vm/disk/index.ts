export { type DiskFacts, readDiskFacts } from './disk-facts.js';
export { readDiskRecord, remainsOf } from './disk-record.js';
export { movedDisks } from './moved-disks.js';
export { type DiskFiles, systemDiskFiles } from './disk-files.js';
export { judgePlace } from './judge-place.js';
export { moveDisk } from './move-disk.js';
export { placeFacts } from './place-facts.js';
export { gibibytes, resizeDisk } from './resize-disk.js';
export { type DiskPlace, settleDisk } from './settle-disk.js';
