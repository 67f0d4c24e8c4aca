import { Command } from 'commander';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { type JsonObject, keyIdOf, signDocument, signPublisherList } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { replaceFile } from '../../replace-file.js';
import { readKey, readPublisherFile, readSoundPolicy } from './policy-files.js';

interface SignFlags {
  readonly key: string;
  readonly output: string;
}

export function signCommand(context: CliContext): Command {
  return new Command('sign')
    .description("sign an admin-settings.json, or a list of verified publishers, with the organization's key")
    .argument('<file>', 'admin-settings.json with a `bulkhead.serial`, or a list with `publishersVersion`')
    .requiredOption('--key <file>', 'private key, Ed25519, PEM without a passphrase')
    .requiredOption('-o, --output <file>', 'where to write the signed policy; may be <file> itself')
    .addHelpText(
      'after',
      `
The signature goes into the file's \`bulkhead\` object, so Docker Desktop can still read it. It is over the content (RFC 8785), not over
the bytes: the file may be formatted anew, but no value may change.

Examples:
  $ openssl genpkey -algorithm ed25519 -out policy.key
  $ openssl pkey -in policy.key -pubout -out policy.pub
  $ bulkhead policy sign admin-settings.json --key policy.key -o signed.json`,
    )
    .action((file: string, flags: SignFlags) => sign(context, file, flags));
}

async function sign({ terminal }: CliContext, file: string, { key, output }: SignFlags): Promise<void> {
  const privateKey = await readKey(key, 'private');
  const publishers = await readPublisherFile(file);
  if (publishers !== undefined) {
    await write(output, signPublisherList(publishers.document, privateKey));
    terminal.out(
      `${output}: verified publishers, serial ${publishers.list.serial}, signed with the key ${keyIdOf(privateKey)}\n`,
    );
    return;
  }
  const { settings, document } = await readSoundPolicy(file);
  const serial = settings.bulkhead?.serial;
  if (serial === undefined) throw new BulkheadError('BH_POLICY_NO_SERIAL', { file });
  await write(output, signDocument(document, privateKey));
  terminal.out(`${output}: serial ${serial}, signed with the key ${keyIdOf(privateKey)}\n`);
}

async function write(output: string, signed: JsonObject): Promise<void> {
  await replaceFile(output, `${JSON.stringify(signed, null, 2)}\n`, 'BH_POLICY_NOT_WRITTEN');
}
