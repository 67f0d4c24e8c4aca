/** Writes the table of settings into docs/policy.md, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsPage } from '../dist/policy/settings-page.js';

const page = fileURLToPath(new URL('../docs/policy.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const marks = /(<!-- settings -->\n)[^]*?(<!-- end of settings -->)/;
writeFileSync(
  page,
  text.replace(marks, (_whole, before: string, after: string) => `${before}\n${settingsPage()}\n\n${after}`),
);
