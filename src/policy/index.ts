export { acceptPolicy, type AcceptedBy, type ReadPolicy } from './accept-policy.js';
export { describeSettings, type SettingReport } from './describe-settings.js';
export { type PolicyDifference, policyDifferences } from './differences.js';
export { type ReadSettings, readSettings } from './read-settings.js';
export { keyIdOf, signDocument } from './signature.js';
