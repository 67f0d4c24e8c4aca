import { expect, test } from 'vitest';
import { checkLogTag } from './log-tag.js';

test.each([
  '',
  'web',
  '{web}',
  'a{b}}c{',
  '{{.Name}}',
  '{{ .ImageName }}/{{.Name}}/{{.ID}}',
  '{{.Name | upper}}',
  '{{- .FullID -}}',
  '{{(.ExtraAttributes nil).SERVICE}}',
])('passes the tag %j', (tag) => {
  expect(() => {
    checkLogTag(tag);
  }).not.toThrow();
});

test.each([
  '{{pad .ID 60000000000 0}}',
  '{{if eq .ContainerName "/x"}}{{pad .ID 60000000000 0}}{{end}}',
  '{{.ID | printf "%99999999999d"}}',
  '{{define "T"}}{{template "T"}}{{end}}{{template "T"}}',
  '{{range .ContainerEnv}}{{.}}{{end}}',
  '{{.Config}}',
  '{{{.ID}}}{{pad .ID 9 9}}',
  '{{.ID}}{{/* */}}',
  '{{.ID\n| pad 1 1}}',
  'x'.repeat(513),
])('refuses the tag %j', (tag) => {
  expect(() => {
    checkLogTag(tag);
  }).toThrow('rule log-drivers refuses the log tag');
});
