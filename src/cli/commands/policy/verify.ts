import { Command } from 'commander';
import { acceptPolicy, keyIdOf } from '../../../policy/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, wholeNumber } from '../../options.js';
import { readKey, readSoundPolicy } from './policy-files.js';

interface VerifyFlags {
  readonly key: string;
  readonly serial: number;
  readonly json?: boolean;
}

export function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('say whether a policy is signed, unaltered and not expired')
    .argument('<file>', 'a policy that `bulkhead policy sign` wrote')
    .requiredOption('--key <file>', "the organization's public key, Ed25519, PEM")
    .option(
      '--serial <number>',
      'the serial of the policy in force: an older one is refused',
      wholeNumber('--serial', 0, Number.MAX_SAFE_INTEGER),
      0,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Exit status 0: it would be accepted; 65: it would not, and why.

Examples:
  $ bulkhead policy verify signed.json --key policy.pub`,
    )
    .action((file: string, flags: VerifyFlags) => verify(context, file, flags));
}

async function verify(
  { terminal }: CliContext,
  file: string,
  { key, serial: least, json = false }: VerifyFlags,
): Promise<void> {
  const publicKey = await readKey(key, 'public');
  const policy = await readSoundPolicy(file);
  acceptPolicy(
    policy,
    { key: publicKey, now: Date.now(), seen: undefined, known: [{ serial: least, source: '--serial' }] },
    file,
  );
  const { serial, expires } = policy.settings.bulkhead ?? {};
  const keyId = keyIdOf(publicKey);
  const until = expires === undefined ? 'valid until replaced' : `valid until ${expires}`;
  terminal.out(
    json
      ? `${JSON.stringify({ accepted: true, keyId, serial, expires })}\n`
      : `${file}: serial ${serial}, ${until}, signed with the key ${keyId}\n`,
  );
}
