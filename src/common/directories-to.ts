import { lstat, readlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { isAbsent, toError } from './cause.js';

/** Bits of a mode by which somebody besides its owner may make, rename and remove what lies in a directory. */
export const writableByOthers = 0o022;

/** By which what lies in a directory is renamed and removed by its own owner and the directory's alone. */
export const stickyBit = 0o1000;

/** As many as Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** A directory on the way to a place, the place itself included. */
export interface DirectoryFacts {
  readonly path: string;
  readonly owner: number;
  readonly mode: number;
}

/**
 * Those by which the system gets from the root to a place, as far as they are there, each by its path without links: who may write to one of them decides what lies below. Threat: a link on the way, of
 * which only where it leads is looked at; who may write to where the link itself lies makes another. Rejects with what the system says.
 */
export async function directoriesTo(place: string): Promise<DirectoryFacts[]> {
  const found: DirectoryFacts[] = [];
  for await (const { path, facts, trouble } of stepsTo(place)) {
    if (trouble !== undefined) throw trouble;
    if (facts?.isLink === false) found.push({ path, owner: facts.owner, mode: facts.mode });
  }
  return found;
}

/** A name on the way to a place, by a path that has no other link in it. */
export interface Step {
  readonly path: string;
  /** Undefined for what is not there, or can't be looked at, with which the way ends. */
  readonly facts: NameFacts | undefined;
  /** Why it can't be looked at. */
  readonly trouble?: Error;
}

type NameFacts = Omit<DirectoryFacts, 'path'> & { readonly isLink: boolean };

/** Each name the system comes by on its way from the root to a place, those in the targets of links among them. Throws nothing. */
export async function* stepsTo(place: string): AsyncGenerator<Step, void, undefined> {
  const left = ['/', ...partsOf(resolve(place))];
  let at = '/';
  for (let links = 0, part = left.shift(); part !== undefined; part = left.shift()) {
    const path = join(at, part);
    const step = await stepAt(path);
    if (step.target !== undefined && ++links > mostLinks) {
      const trouble = new Error(`there are more than ${mostLinks} links on the way to ${place}`);
      yield { path, facts: undefined, trouble };
      return;
    }
    yield step;
    if (step.facts === undefined) return;
    if (step.target === undefined) {
      at = path;
      continue;
    }
    left.unshift(...partsOf(step.target));
    if (isAbsolute(step.target)) at = '/';
  }
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** @returns `target` of a link. */
async function stepAt(path: string): Promise<Step & { readonly target?: string }> {
  try {
    const found = await lstat(path);
    const facts = { owner: found.uid, mode: found.mode, isLink: found.isSymbolicLink() };
    return facts.isLink ? { path, facts, target: await readlink(path) } : { path, facts };
  } catch (error) {
    return { path, facts: undefined, ...(isAbsent(error) ? {} : { trouble: toError(error) }) };
  }
}
