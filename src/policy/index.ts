export { acceptPolicy, type AcceptedBy, type ReadPolicy } from './accept-policy.js';
export { describeSettings, type SettingReport } from './describe-settings.js';
export { type PolicyDifference, policyDifferences } from './differences.js';
export { notCarriedOut } from './not-carried-out.js';
export { largestPolicy, type ReadSettings, readSettings, soundPolicy } from './read-settings.js';
export type { Settings } from './settings-schema.js';
export { keyIdOf, signDocument } from './signature.js';
