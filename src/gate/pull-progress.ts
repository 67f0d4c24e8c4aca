import { z } from 'zod';
import { isDigest, isTag } from '../common/image-reference.js';

/** A version the engine has pulled, and given the image it is of. */
export interface PulledVersion {
  /** Undefined where it was asked for by its digest. */
  readonly tag: string | undefined;
  /** Of the manifest, as the registry gave it. */
  readonly digest: string;
}

/** Characters of a line; of dockerd's none has 1,000. */
const longestLine = 65_536;

const lineSchema = z.looseObject({ status: z.string().optional(), id: z.string().optional() });

/**
 * Reads from what dockerd says while it pulls which versions came (distribution/pull_v2.go, pullTag): a line with the tag, later one with the digest, and when the image has its
 * names another line. Threat: who asks afterwards what a tag is of is told what somebody gave it meanwhile by `docker tag`.
 */
export class PullProgress {
  #text = '';
  #skipping = false;
  #tag: string | undefined;
  #pending: PulledVersion | undefined;

  /** @returns the versions of which the engine is done with. */
  push(content: readonly Buffer[]): readonly PulledVersion[] {
    // Cut between two bytes of a character, a line has what stands in for it, and never in what counts here.
    this.#text += content.map((piece) => piece.toString('latin1')).join('');
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    const first = this.#skipping ? 1 : 0;
    if (lines.length > 0) this.#skipping = false;
    if (this.#text.length > longestLine) {
      this.#text = '';
      this.#skipping = true;
    }
    return lines.slice(first).flatMap((line) => this.#read(line));
  }

  #read(line: string): readonly PulledVersion[] {
    const { status = '', id = '' } = parsed(line);
    const done = this.#pending === undefined ? [] : [this.#pending];
    this.#pending = undefined;
    if (status.startsWith('Pulling from ')) this.#tag = isTag(id) ? id : undefined;
    const digest = /^Digest: (\S+)$/.exec(status)?.[1] ?? '';
    if (isDigest(digest)) this.#pending = { tag: this.#tag, digest };
    return done;
  }
}

function parsed(line: string): z.infer<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return {};
  }
}
