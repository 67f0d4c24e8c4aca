export { admissionOf } from './admission.js';
export { type DocumentDisk, type DocumentName, writeDocumentDisk } from './document-disk.js';
export { raiseHostSerial, readHostSerial } from './host-record.js';
export { openDocument } from './open-document.js';
export { type BootedPolicy, policyChange, policyFileOf } from './policy-change.js';
export { machinePolicyFile, openPolicyFile, type PolicyFile, readPolicyFile } from './policy-file.js';
export { policyNotes } from './policy-notes.js';
export { openRegistryFile, readRegistryFile, type RegistryFile, registryFileOf } from './registry-file.js';
export { settingsNotes } from './settings-notes.js';
