export { describeSettings, type SettingReport } from './describe-settings.js';
export { type ReadSettings, readSettings } from './read-settings.js';
