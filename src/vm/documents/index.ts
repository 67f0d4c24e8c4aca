export { admissionOf } from './admission.js';
export { type DocumentDisk, type DocumentName, writeDocumentDisk } from './document-disk.js';
export {
  addHostRecord,
  makeHostRecords,
  noteHostTime,
  readHostRecords,
  readHostTime,
  recordInForce,
} from './host-record.js';
export { openDocument } from './open-document.js';
export { type BootedPolicy, policyChange, policyFileOf } from './policy-change.js';
export { machinePolicyFile, openPolicyFile, type PolicyFile, readPolicyFile } from './policy-file.js';
export { otherKeyNotes, policyNotes } from './policy-notes.js';
export { publisherFileOf, type PublishersBeside, publishersBeside } from './publisher-file.js';
export { openRegistryFile, readRegistryFile, type RegistryFile, registryFileOf } from './registry-file.js';
export { rootIdentity } from './root-identity.js';
export { nativeNotes, settingsNotes } from './settings-notes.js';
