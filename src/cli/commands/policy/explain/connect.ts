import { Command, Option } from 'commander';
import { BulkheadError } from '../../../../common/errors/bulkhead-error.js';
import { ExitCode } from '../../../../common/errors/definition.js';
import { type ImageReference, parseImageReference } from '../../../../common/image-reference.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../../../common/ip-address.js';
import { printable, printableJson } from '../../../../common/printable.js';
import type { Who } from '../../../../egress/connect-access/index.js';
import { explainConnect } from '../../../../egress/explain/explain-connect.js';
import { parseAuthority } from '../../../../egress/first-bytes/index.js';
import { PacFailure, PacRunner } from '../../../../egress/pac/index.js';
import type { CliContext } from '../../../context.js';
import { jsonOption } from '../../../options.js';
import { explainedConnectText } from '../../../output/explained-connect-text.js';
import { policyFileOf, policyOption, readSoundPolicy } from '../policy-files.js';

interface ConnectFlags {
  readonly image?: string;
  readonly label: readonly string[];
  readonly address?: string;
  readonly engine?: boolean;
  readonly policy?: string;
  readonly json?: boolean;
}

export function explainConnectCommand(context: CliContext): Command {
  return new Command('connect')
    .description('say whether a container may connect somewhere, by which rule and way, and whom to ask')
    .argument('<host:port>', 'a name or an address, as registry.example.com:443 or [2001:db8::1]:443')
    .addOption(new Option('--image <image>', 'as a container of this image'))
    .addOption(
      new Option('--label <key=value>', 'as a container with this label; may be given several times')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
    )
    .addOption(new Option('--address <address>', 'the address the name has'))
    .addOption(new Option('--engine', 'as the engine, which pulls and builds').conflicts('image'))
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Nobody is asked: no name server, no proxy, and not the destination. Whether one that no rule names is a registry is seen only when it is connected to.
Exit status 0: it may; 77: it may not; 75: that is not decided here; 65: the policy is not in order.

Examples:
  $ bulkhead policy explain connect db.corp.example:5432 --image node:22 --address 10.1.2.3
  $ bulkhead policy explain connect 203.0.113.5:22 --policy admin-settings.json --json`,
    )
    .action((destination: string, flags: ConnectFlags) => explain(context, destination, flags));
}

async function explain({ terminal }: CliContext, destination: string, flags: ConnectFlags): Promise<void> {
  const { host, port } = parseAuthority(destination) ?? {};
  if (host === undefined || port === undefined)
    throw refusedValue('host:port', destination, 'it must be a host and a port, as example.com:443');
  const address = addressOf(flags.address);
  const question = { who: whoOf(flags), host, port, ...(address === undefined ? {} : { address }) };
  const file = await policyFileOf(flags.policy);
  const settings = file === undefined ? undefined : (await readSoundPolicy(file)).settings;
  const runners: PacRunner[] = [];
  const run = (text: string): PacRunner => {
    const pac = new PacRunner(text, { resolve: resolverOf(host, address), ownAddress: '127.0.0.1' });
    runners.push(pac);
    return pac;
  };
  const explanation = await explainConnect(settings, question, run);
  for (const pac of runners) await pac[Symbol.asyncDispose]();
  terminal.out(
    flags.json === true
      ? `${printableJson(JSON.stringify({ ...explanation, policy: file ?? null }))}\n`
      : explainedConnectText(explanation, file),
  );
  if (explanation.verdict !== 'permitted')
    process.exitCode = explanation.verdict === 'refused' ? ExitCode.refused : ExitCode.temporary;
}

/** A file of the policy that asks for addresses is told the one that is known here, and that is all. */
function resolverOf(
  host: string,
  address: IpAddress | undefined,
): (name: string) => Promise<string | undefined> {
  return async (name) => {
    if (name !== host || address === undefined)
      throw new PacFailure(`it asks for the address of ${name}, which is known to nobody here (--address)`);
    return Promise.resolve(address.family === 4 ? ipAddressText(address) : undefined);
  };
}

function whoOf({ engine, image, label }: ConnectFlags): Who {
  if (engine === true) return { kind: 'engine' };
  const reference = image === undefined ? undefined : parseImageReference(image);
  if (image !== undefined && reference === undefined)
    throw refusedValue('--image', image, 'it is no name of an image');
  const labels = label.map((text): [string, string] => {
    const at = text.indexOf('=');
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
  const names = reference === undefined ? [] : [fullName(reference)];
  return {
    kind: 'container',
    id: '',
    name: 'that is asked about',
    image: names,
    labels: Object.fromEntries(labels),
  };
}

function fullName({ repository, tag, digest }: ImageReference): string {
  return digest === undefined ? `${repository}:${tag ?? 'latest'}` : `${repository}@${digest}`;
}

function addressOf(text: string | undefined): IpAddress | undefined {
  if (text === undefined) return undefined;
  const address = parseIpAddress(text);
  if (address === undefined) throw refusedValue('--address', text, 'it must be an address, as 10.1.2.3');
  return address;
}

function refusedValue(option: string, value: string, rule: string): BulkheadError {
  return new BulkheadError('BH_OPTION_VALUE', { option, value: printable(value), rule });
}
