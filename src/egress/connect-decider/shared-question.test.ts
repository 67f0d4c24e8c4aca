import { expect, test } from 'vitest';
import { ClientTurns } from '../client-turns.js';
import type { Asker } from './facts.js';
import { SharedQuestion } from './shared-question.js';

/** One question at a time. */
function scene() {
  const turns = new ClientTurns({ waiting: 100, atOnce: 2, ofClient: 1 });
  const asked: { readonly host: string; readonly asker: Asker; readonly answer: (text: string) => void }[] =
    [];
  const about = (host: string): SharedQuestion<string> =>
    new SharedQuestion(
      turns,
      async (asker) => new Promise((answer) => void asked.push({ host, asker, answer })),
    );
  return { asked, about, hosts: () => asked.map(({ host }) => host) };
}
const of = (client: string, signal = new AbortController().signal): Asker => ({ client, signal });
const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a question of several is asked at the turn of the first of them', async () => {
  const { asked, about, hosts } = scene();
  void about('slow').answerFor(of('a'));
  const shared = about('shared');
  const answers = [shared.answerFor(of('a')), shared.answerFor(of('a')), shared.answerFor(of('b'))];
  expect(hosts()).toEqual(['slow', 'shared']);
  expect(asked[1]?.asker.client).toBe('b');
  const later = about('later');
  answers.push(later.answerFor(of('a')), shared.answerFor(of('c')));
  asked[1]?.answer('yes');
  asked[0]?.answer('no');
  await settled();
  asked[2]?.answer('later');
  expect(await Promise.all(answers)).toEqual(['yes', 'yes', 'yes', 'later', 'yes']);
  expect(hosts()).toEqual(['slow', 'shared', 'later']);
});

test('it ends with the last that waits for it', async () => {
  const { asked, about } = scene();
  const shared = about('shared');
  const [first, last] = [new AbortController(), new AbortController()];
  const waiting = Promise.allSettled([
    shared.answerFor(of('a', first.signal)),
    shared.answerFor(of('b', last.signal)),
  ]);
  first.abort(new Error('first'));
  await settled();
  expect([asked[0]?.asker.signal.aborted, shared.isLeft]).toEqual([false, false]);
  last.abort(new Error('last'));
  expect(await waiting).toMatchObject([{ reason: { message: 'first' } }, { reason: { message: 'last' } }]);
  expect([asked[0]?.asker.signal.aborted, shared.isLeft]).toEqual([true, true]);
  await expect(shared.answer).rejects.toThrow('nobody waits');
});

test('what is left before its turn is never asked', async () => {
  const { asked, about, hosts } = scene();
  void about('slow').answerFor(of('a'));
  const gone = new AbortController();
  const left = about('left');
  left.answer.catch(() => undefined);
  const waiting = left.answerFor(of('a', gone.signal));
  void about('next').answerFor(of('a'));
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  asked[0]?.answer('no');
  await settled();
  expect([hosts(), left.isLeft]).toEqual([['slow', 'next'], true]);
});

test('an answer stays one when whoever waited has it', async () => {
  const { asked, about } = scene();
  const shared = about('shared');
  const first = shared.answerFor(of('a'));
  asked[0]?.answer('yes');
  expect([await first, await shared.answerFor(of('b')), shared.isLeft]).toEqual(['yes', 'yes', false]);
  expect(asked).toHaveLength(1);
});
