/**
 * `npm run bench [PART…]`: measures side by side in one run, prints a table and writes build/bench.json. Parts: engine,
 * gate (also by group: gate-run, …), work, settings, parallel, peers, channel, image, boot, status, idle, ports, shares (also by row: shares-read, …), packages, checkout, build, egress, egress-floods, egress-rules, egress-connect, egress-pull; all without an argument.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { benchBoot, imageSizes } from './boot.ts';
import { benchmarkChannel } from './channel.ts';
import { benchEgress } from './egress.ts';
import { benchEgressFloods } from './egress-floods.ts';
import { benchEgressRules } from './egress-rules.ts';
import { benchEgressConnect } from './egress-connect.ts';
import { benchEgressPull } from './egress-pull.ts';
import { benchEngine } from './engine.ts';
import { benchGate, gateGroups } from './gate.ts';
import { benchIdle } from './idle.ts';
import { benchParallel } from './parallel.ts';
import { benchPeers } from './peers.ts';
import { benchPorts } from './ports.ts';
import { benchProjectWork } from './project-work.ts';
import type { BenchmarkRow } from './rows.ts';
import { benchSettings } from './settings.ts';
import { benchShares, shareWorks } from './shares.ts';
import { benchStatus } from './status.ts';
import { benchWork } from './work.ts';

const parts: Readonly<Record<string, () => Promise<readonly BenchmarkRow[]>>> = {
  engine: () => benchEngine(),
  gate: () => benchGate(),
  ...Object.fromEntries(gateGroups.map((name) => [`gate-${name}`, async () => benchGate([name])])),
  work: () => benchWork(),
  settings: () => benchSettings(),
  parallel: () => benchParallel(),
  peers: () => benchPeers(),
  channel: () => benchmarkChannel(),
  image: imageSizes,
  boot: benchBoot,
  status: benchStatus,
  idle: benchIdle,
  ports: benchPorts,
  shares: () => benchShares(),
  ...Object.fromEntries(shareWorks.map((work) => [`shares-${work}`, async () => benchShares([work])])),
  packages: async () => benchProjectWork('packages'),
  checkout: async () => benchProjectWork('checkout'),
  build: async () => benchProjectWork('build'),
  egress: benchEgress,
  'egress-floods': benchEgressFloods,
  'egress-rules': async () => benchEgressRules(),
  'egress-connect': benchEgressConnect,
  'egress-pull': benchEgressPull,
};

const arguments_ = process.argv.slice(2);
const wanted =
  arguments_.length > 0 ? arguments_ : Object.keys(parts).filter((name) => !/^(gate|shares)-/.test(name));
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0)
  throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
const rows: BenchmarkRow[] = [];
for (const [name, run] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  console.error(`measuring: ${name}`);
  rows.push(...(await run()));
}

const width = Math.max(...rows.map(({ name }) => name.length));
for (const { name, unit, value } of rows)
  console.log(`| ${name.padEnd(width)} | ${value.toFixed(value < 10 ? 2 : 1).padStart(8)} ${unit} |`);
await mkdir('build', { recursive: true });
await writeFile('build/bench.json', `${JSON.stringify(rows, null, 2)}\n`);
