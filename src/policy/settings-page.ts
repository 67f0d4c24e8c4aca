import { settingFacts } from './show-settings.js';

const enforcers = { vm: 'VM', host: 'host', 'vm and host': 'VM, host', nobody: '–' } as const;

/** The table of docs/policy.md, which a test compares: every setting there is, and what it is here. */
export function settingsPage(): string {
  const rows = settingFacts().map(
    ({ name, standing, enforcer, users, meaning }) =>
      `| \`${name}\` | ${standing} | ${enforcers[enforcer]} | ${users ? 'yes' : 'no'} | ${meaning} |`,
  );
  return [
    '| setting | here | enforced in | users may set it | what it decides |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
