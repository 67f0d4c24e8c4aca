import { dirname } from 'node:path';
import { stepsTo } from '../../common/directories-to.js';

/** A name that decides where a path leads. */
export interface NameOnTheWay {
  readonly name: string;
  readonly isLink: boolean;
  /** Who decides what has it, beside root: its owner, or where that is root whoever has the nearest directory above; 0 where that is nobody. */
  readonly by: number;
}

/** To a place: what decides where it goes on, and what it leads to, which is the last that can be told of it. */
export interface Way {
  readonly turns: readonly NameOnTheWay[];
  readonly last: NameOnTheWay;
  /** Why that can't be looked at. */
  readonly trouble: Error | undefined;
}

/**
 * The names that decide where a path leads: each symbolic link on the way, each directory the way does not go on from into what lies below, and last what it leads to. Where a name
 * is not there, who makes it decides, so it is the last.
 *
 * Threat: a file that nobody may change is another one once a link on the way to it leads elsewhere.
 */
export async function wayTo(place: string): Promise<Way> {
  const turns = new Map<string, NameOnTheWay>();
  const deciders = new Map<string, number>();
  let at: NameOnTheWay = { name: '/', isLink: false, by: 0 };
  let last = at;
  let trouble: Error | undefined;
  for await (const { path, facts, ...step } of stepsTo(place)) {
    const by = (facts?.owner ?? 0) === 0 ? (deciders.get(dirname(path)) ?? 0) : (facts?.owner ?? 0);
    const here = { name: path, isLink: facts?.isLink === true, by };
    deciders.set(path, by);
    if (dirname(path) !== at.name) turns.set(at.name, at);
    if (facts?.isLink === false) at = here;
    else turns.set(path, here);
    last = facts === undefined ? here : at;
    trouble = step.trouble;
  }
  turns.delete(last.name);
  return { turns: [...turns.values()], last, trouble };
}

/** Throws what the system says of one that can't be looked at. */
export async function namesOnTheWay(place: string): Promise<readonly string[]> {
  const { turns, last, trouble } = await wayTo(place);
  if (trouble !== undefined) throw trouble;
  return [...turns, last].map(({ name }) => name);
}

/**
 * Of the names on the way to a place of these users those that concern anybody but them. Threat: a link in a user's home that leads to `/`, to a directory of root's or by `..` through
 * one, and what root can share is up to that user; so what one of theirs leads to counts only where it is theirs as well, and what one of somebody else's leads to never does. Pure.
 */
export function namesOfUsers(way: readonly NameOnTheWay[], users: readonly number[]): NameOnTheWay[] {
  const counted: NameOnTheWay[] = [];
  let isLed = false;
  for (const name of way) {
    const isTheirs = users.includes(name.by);
    if (!isLed || isTheirs) counted.push(name);
    if (!name.isLink || name.by === 0) continue;
    if (!isTheirs) break;
    isLed = true;
  }
  return counted;
}
