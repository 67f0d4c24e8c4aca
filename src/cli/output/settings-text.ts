import type { SettingReport } from '../../policy/index.js';

/** One line a setting: first those that are carried out, by whom; then the names of those that do nothing here. */
export function settingsText(reports: readonly SettingReport[]): string {
  const used = reports.filter(({ facts }) => facts.enforcer !== 'nobody');
  const unused = reports.filter(({ facts }) => facts.enforcer === 'nobody');
  const width = Math.max(0, ...reports.map(({ name }) => name.length));
  const lines = [
    'In order.',
    ...used.map(
      ({ name, locked, facts }) =>
        `  ${name.padEnd(width)}  ${locked ? 'locked ' : 'default'}  ${facts.meaning} (${facts.enforcer})`,
    ),
    ...(unused.length === 0 ? [] : ['Accepted, of no use to Bulkhead:']),
    ...unused.map(({ name, facts }) => `  ${name.padEnd(width)}  ${facts.meaning}`),
  ];
  return `${lines.join('\n')}\n`;
}
