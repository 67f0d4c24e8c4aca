import { Command } from 'commander';
import { BulkheadError } from '../../../../common/errors/bulkhead-error.js';
import { ExitCode } from '../../../../common/errors/definition.js';
import { printable, printableJson } from '../../../../common/printable.js';
import { type Access, canonicalImage, compileRules, explainImage } from '../../../../egress/index.js';
import { cacheRoot, rememberedPolicyKey } from '../../../../image/index.js';
import { parsePolicyKey } from '../../../../policy/index.js';
import { publishersBeside } from '../../../../vm/documents/index.js';
import type { CliContext } from '../../../context.js';
import { jsonOption } from '../../../options.js';
import { explainedImageText } from '../../../output/explained-image-text.js';
import { policyFileOf, policyOption, readSoundPolicy } from '../policy-files.js';

interface ExplainFlags {
  readonly policy?: string;
  readonly json?: boolean;
}

export function explainImageCommand(context: CliContext, operation: Access): Command {
  return new Command(operation)
    .description(`say whether an image may be ${operation}ed, by which rule, and whom to ask`)
    .argument('<image>', `as for docker ${operation}`)
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Nobody is asked: neither the engine nor a registry. Exit status 0: it may; 77: it may not; 65: the policy is not in order.

Examples:
  $ bulkhead policy explain ${operation} ghcr.io/acme/tool:1
  $ bulkhead policy explain ${operation} nginx --policy admin-settings.json --json`,
    )
    .action((image: string, flags: ExplainFlags) => explain(context, operation, image, flags));
}

async function explain(
  { terminal, env }: CliContext,
  operation: Access,
  written: string,
  { policy: named, json }: ExplainFlags,
): Promise<void> {
  const image = canonicalImage(written);
  if (image === undefined) throw new BulkheadError('BH_IMAGE_NAME', { image: printable(written) });
  const file = await policyFileOf(named);
  const policy = file === undefined ? undefined : { file, ...(await readSoundPolicy(file)) };
  const pem = rememberedPolicyKey(cacheRoot(env));
  const key = pem === undefined ? undefined : parsePolicyKey(pem, 'public', 'policy key');
  const { publishers, list } = await publishersBeside(policy, key);
  await list?.handle.close();
  const explanation = explainImage(compileRules(policy?.settings, publishers), image, operation);
  terminal.out(
    json === true
      ? `${printableJson(JSON.stringify({ ...explanation, policy: file ?? null }))}\n`
      : explainedImageText(explanation, file),
  );
  if (explanation.verdict === 'refused') process.exitCode = ExitCode.refused;
}
