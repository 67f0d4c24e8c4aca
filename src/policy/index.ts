export { acceptPolicy, type AcceptedBy, type ReadPolicy } from './accept-policy.js';
export { type Admission, admitPolicy } from './admit-policy.js';
export {
  allowedDirectories,
  directoriesSharedByDefault,
  mayBeShared,
  sharesByDefault,
} from './allowed-directories.js';
export { openWaysToCollector } from './collector-reach.js';
export { contactOf } from './contact.js';
export { describeSettings, type SettingReport } from './describe-settings.js';
export { exclusionsOf, type GivenContainersProxy, parseExclusion } from './containers-proxy-schema.js';
export { type Destination, type DestinationHosts, parseDestination } from './destination.js';
export { type PolicyDifference, policyDifferences } from './differences.js';
export {
  type Effective,
  type EffectiveSettings,
  effectiveSettings,
  type SettingSource,
  type UserSettingName,
} from './effective-settings.js';
export { engineOptionsInForce, insecureRegistriesInForce } from './engine-options-in-force.js';
export { type EngineOptions, engineOptionsOf, type StrippedOption } from './engine-options.js';
export type { ImageAccess, ImageRule } from './image-access-schema.js';
export { isJsonObject, type JsonObject, type JsonValue } from './json-value.js';
export { builtInValues, type ShownSetting, showSettings } from './show-settings.js';
export { parseLocatedJson } from './located-json.js';
export { notCarriedOut } from './not-carried-out.js';
export { type NetworkAccess, networkAccessSchema } from './network-access-schema.js';
export { isOnLoopback, maskedProxy, proxyAddress } from './proxy-address.js';
export { type ProxyAddresses, shownValue } from './proxy-setting.js';
export { parsePolicyKey, publicKeyText } from './policy-key.js';
export { largestPolicy, type ReadSettings, readSettings, soundPolicy } from './read-settings.js';
export {
  highestSerialOf,
  type KnownPolicy,
  parsePolicyRecord,
  type PolicyRecord,
  policyRecordText,
} from './policy-record.js';
export { allowedOrganizations, readRegistry, type Registry } from './registry.js';
export {
  currentPublishers,
  isPublisherList,
  noPublishers,
  type PublisherList,
  type Publishers,
  publishersAt,
  readAcceptedList,
  readPublisherList,
  signPublisherList,
} from './publisher-list.js';
export type { RegistryAccess, RegistryRule } from './registry-access-schema.js';
export { parseSeenTime, type SeenTime, seenTimeText } from './seen-time.js';
export type { Settings } from './settings-schema.js';
export { contentHash, isSignedBy, keyIdOf, signDocument } from './signature.js';
export {
  type DnsInhibition,
  type NetworkingMode,
  type PortBindingBehavior,
  vmShape,
} from './setting-values.js';
export { readUserSettings, type UserSettings, withSetting } from './user-settings.js';
export {
  isPolicySetting,
  nearSettings,
  userSettingNamed,
  userSettingNames,
  userSettingTable,
} from './user-setting-table.js';
