import { printable } from '../../common/printable.js';
import type { ShownSetting } from '../../policy/index.js';

const places = {
  vm: 'in the VM',
  host: 'on the host',
  'vm and host': 'in the VM and on the host',
  nobody: '',
};

/** A paragraph for what is carried out, one for what is not, and the names of what is of no use; a line a setting in the first two. */
export function shownSettingsText(settings: readonly ShownSetting[]): string {
  const width = Math.max(...settings.map(({ name }) => name.length));
  const line = ({ name, value, source, enforcer, note }: ShownSetting): string => {
    const text = value === undefined ? '–' : printable(JSON.stringify(value));
    return `  ${name.padEnd(width)}  ${text}  (${source}; ${places[enforcer]})${note === undefined ? '' : `; ${printable(note)}`}`;
  };
  const of = (standing: ShownSetting['standing']): ShownSetting[] =>
    settings.filter((setting) => setting.standing === standing);
  const names = (some: readonly ShownSetting[]): string => some.map(({ name }) => name).join(', ');
  const asked = of('not carried out').filter(({ source }) => source !== 'built-in');
  const unused = of('of no use').filter(({ source }) => source !== 'built-in');
  const lines = [
    'In force:',
    ...of('carried out').map(line),
    ...(asked.length === 0
      ? []
      : ['', 'Asked for, and NOT carried out by this version:', ...asked.map(line)]),
    ...(unused.length === 0 ? [] : ['', `Accepted, of no use to Bulkhead: ${names(unused)}`]),
  ];
  return `${lines.join('\n')}\n`;
}
