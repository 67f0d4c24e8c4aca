import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenPrivately } from '../../channel/index.js';
import { toUserError } from '../user-error.js';
import { largestSignInQuestion } from '../../common/sign-in.js';
import type { GuestLink } from '../guest-link.js';
import type { Controller } from './controller.js';
import type { Progress } from './progress.js';
import { controllerShareChangeSchema, largestShareQuestion } from './share-question.js';
import { toWire } from '../../common/errors/wire-error.js';

/** Characters; a request to create a container has at most 1 MiB of JSON, in JSON again. */
const largestQuestion = 4 << 20;

/**
 * The controller's own socket: HTTP/1.1, for the `bulkhead` commands of the same user alone (mode 0600 in a directory of mode
 * 0700).
 *
 * - `GET /status?within=<ms>` one JSON document (`status.ts`); with a deadline for the guest, that and what it last said;
 * - `GET /progress` JSON lines, from the present state on, until the instance is ready or at its end;
 * - `POST /explain` a JSON question for the guest (`src/common/explanation.ts`), answered with the guest's document;
 * - `POST /sign-in`, `POST /sign-out` likewise (`src/common/sign-in.ts`);
 * - `POST /shares` a directory comes to containers or goes (`share-question.ts`); `{}` when it has;
 * - `POST /trim` has the guest give free space of its data disk back, answered with the guest's document when it has;
 * - `GET /logs?service=…&follow=1` the guest's journal as JSON lines;
 * - `GET /audit?follow=1&since=…` the guest's audit log as JSON lines;
 * - `POST /down` starts to stop, then as `/progress`; the answer ends with the process, so that whoever waits for it finds the
 *   lock free and may start anew.
 *
 * An error is `{ "code", "params" }` with status 409, or 404 for an unknown request.
 *
 * Rejects with `BH_SOCKET_TAKEN` or `BH_SOCKET_PATH`.
 */
export async function serveControl(path: string, controller: Controller): Promise<Server> {
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    void answer(controller, request, response).catch((error: unknown) => refuse(response, error));
  });
  await listenPrivately(server, path);
  return server;
}

async function answer(
  controller: Controller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://controller');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /status':
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(await controller.status(deadlineOf(url.searchParams))));
      return;
    case 'GET /progress':
      followProgress(controller, response, (state) => state === 'ready' || isFinal(state));
      return;
    case 'POST /down':
      controller.down();
      followProgress(controller, response, () => false);
      return;
    case 'POST /explain':
      await askGuest(controller, request, response, largestQuestion, (link, question, signal) =>
        link.explain(question, signal),
      );
      return;
    case 'POST /sign-in':
      await askGuest(controller, request, response, largestSignInQuestion, (link, question, signal) =>
        link.signIn(question, signal),
      );
      return;
    case 'POST /sign-out':
      await askGuest(controller, request, response, largestSignInQuestion, (link, _, signal) =>
        link.signOut(signal),
      );
      return;
    case 'POST /shares':
      await controller.changeShares(
        controllerShareChangeSchema.parse(await questionOf(request, largestShareQuestion)),
      );
      response.setHeader('content-type', 'application/json');
      response.end('{}');
      return;
    case 'POST /trim':
      await askGuest(controller, request, response, 0, (link, _, signal) => link.trim(signal));
      return;
    case 'GET /logs':
      await sendLines(controller, response, logsOf(url.searchParams));
      return;
    case 'GET /audit':
      await sendLines(controller, response, auditOf(url.searchParams));
      return;
    default:
      response.writeHead(404).end();
  }
}

/** Longer than the guest is waited for anyway makes no difference. */
function deadlineOf(query: URLSearchParams): number | undefined {
  const within = query.get('within');
  return within === null || !/^\d{1,5}$/.test(within) ? undefined : Number(within);
}

function followProgress(
  controller: Controller,
  response: ServerResponse,
  isLast: (state: (Progress & { kind: 'state' })['state']) => boolean,
): void {
  response.writeHead(200, { 'content-type': 'application/jsonl' });
  response.flushHeaders();
  let over = false;
  const stop = controller.progress.follow((progress) => {
    if (over) return;
    response.write(`${JSON.stringify(progress)}\n`);
    if (progress.kind !== 'state' || !isLast(progress.state)) return;
    over = true;
    response.end();
  }, 'last');
  response.once('close', stop);
}

function isFinal(state: string): boolean {
  return state === 'stopped' || state === 'failed';
}

type ReadLines = (link: GuestLink, signal: AbortSignal) => AsyncIterable<string>;

function logsOf(query: URLSearchParams): ReadLines {
  const service = query.get('service');
  const follow = query.get('follow') === '1';
  return (link, signal) => link.logs({ ...(service === null ? {} : { service }), follow }, signal);
}

function auditOf(query: URLSearchParams): ReadLines {
  const since = query.get('since');
  const follow = query.get('follow') === '1';
  return (link, signal) => link.audit({ ...(since === null ? {} : { since }), follow }, signal);
}

async function sendLines(controller: Controller, response: ServerResponse, read: ReadLines): Promise<void> {
  const { link } = controller;
  if (link === undefined) throw controller.notReady();
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the reader left')));
  const lines = read(link, gone.signal);
  let started = false;
  for await (const line of lines) {
    if (!started) response.writeHead(200, { 'content-type': 'application/jsonl' });
    started = true;
    if (!response.write(`${line}\n`)) await drained(response);
  }
  response.end();
}

/** @param most characters the question may have. */
async function askGuest(
  controller: Controller,
  request: IncomingMessage,
  response: ServerResponse,
  most: number,
  ask: (link: GuestLink, question: unknown, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { link } = controller;
  if (link === undefined || controller.state.name !== 'ready') throw controller.notReady();
  const question = await questionOf(request, most);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the asker left')));
  const answer = await ask(link, question, gone.signal);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
}

async function questionOf(request: IncomingMessage, most: number): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > most) throw new Error('the question is too long');
  }
  return text === '' ? undefined : JSON.parse(text);
}

/** Back-pressure: a reader that is slow, or has left, must not make the controller hold the journal in memory. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve).once('close', resolve);
  });
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(409, { 'content-type': 'application/json' });
  response.end(JSON.stringify(toWire(toUserError(error))));
}
