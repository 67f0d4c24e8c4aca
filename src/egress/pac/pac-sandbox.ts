import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { messageOf, orNothing } from '../../common/cause.js';
import { pacFunctions } from './pac-functions.js';
import type { PacAnswers, PacOutcome, PacValue } from './pac-value.js';

/** Threat: a file that was made for other programs, or in bad faith. Most are done within a millisecond and a megabyte. */
const limits = { bytes: 16 * 1024 * 1024, stackBytes: 256 * 1024, milliseconds: 500 } as const;

/** What is wrong with the file, not with the engine. */
class FileError extends Error {}

interface Machine {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
}

/**
 * A proxy auto-configuration file in a JavaScript engine of its own (QuickJS in WebAssembly), which has no way to anything but the functions it is given. It runs in a thread of its own
 * (pac-worker.ts), because not everything that takes long can be interrupted from inside.
 */
export class PacSandbox {
  readonly #text: string;
  readonly #ownAddress: string;
  #module: QuickJSWASMModule | undefined;
  #machine: Machine | undefined;
  #deadline = 0;
  #answers: PacAnswers = {};
  #wanted: string | undefined;

  constructor(text: string, ownAddress: string) {
    this.#text = text.replace(/^\uFEFF/, '');
    this.#ownAddress = ownAddress;
  }

  /** @param answers of the names that earlier runs of the same question asked for. */
  async run(url: string, host: string, answers: PacAnswers): Promise<PacOutcome> {
    this.#answers = answers;
    this.#wanted = undefined;
    this.#deadline = threadMilliseconds() + limits.milliseconds;
    try {
      const text = this.#call((this.#machine ??= await this.#start()), url, host);
      if (this.#wanted === undefined) return { kind: 'result', text };
    } catch (error) {
      // Whatever it left in its variables, or the engine in its memory, is not for the next run.
      this.#abandon(error);
      if (this.#wanted === undefined) return { kind: 'failed', reason: messageOf(error) };
    }
    this.#abandon(undefined);
    return { kind: 'resolve', name: this.#wanted };
  }

  async #start(): Promise<Machine> {
    this.#module ??= await newQuickJSWASMModuleFromVariant(import('@jitl/quickjs-wasmfile-release-sync'));
    const runtime = this.#module.newRuntime({
      memoryLimitBytes: limits.bytes,
      maxStackSizeBytes: limits.stackBytes,
    });
    runtime.setInterruptHandler(() => this.#wanted !== undefined || threadMilliseconds() > this.#deadline);
    const context = runtime.newContext();
    const functions = pacFunctions({
      now: () => new Date(),
      resolve: (name) => this.#resolve(name),
      ownAddress: this.#ownAddress,
    });
    for (const [name, perform] of Object.entries(functions)) {
      using handle = context.newFunction(name, (...args) =>
        toHandle(context, perform(...args.map((each) => fromHandle(context, each)))),
      );
      context.setProp(context.global, name, handle);
    }
    this.#deadline = threadMilliseconds() + limits.milliseconds;
    valueOf(context, context.evalCode(this.#text, 'pac')).dispose();
    return { runtime, context };
  }

  #call({ context }: Machine, url: string, host: string): string {
    using find = context.getProp(context.global, 'FindProxyForURL');
    if (context.typeof(find) !== 'function') throw new FileError('it has no function FindProxyForURL');
    using first = context.newString(url);
    using second = context.newString(host);
    using result = valueOf(context, context.callFunction(find, context.undefined, first, second));
    if (context.typeof(result) !== 'string') throw new FileError('its answer is no text');
    return context.getString(result);
  }

  #resolve(name: string): string | null {
    if (Object.hasOwn(this.#answers, name)) return this.#answers[name] ?? null;
    this.#wanted ??= name;
    return null;
  }

  #abandon(error: unknown): void {
    const machine = this.#machine;
    this.#machine = undefined;
    // Any other error than the file's has left the engine in the middle of something: it is not touched again.
    if (error !== undefined && !(error instanceof FileError)) this.#module = undefined;
    else if (machine !== undefined) {
      orNothing(() => machine.context.dispose());
      orNothing(() => machine.runtime.dispose());
    }
  }
}

/** @throws what the file threw, as a sentence. */
function valueOf(context: QuickJSContext, result: ReturnType<QuickJSContext['evalCode']>): QuickJSHandle {
  if (result.error === undefined) return result.value;
  using error = result.error;
  const dumped: unknown = context.dump(error);
  const { name = 'Error', message = dumped } = isNamed(dumped) ? dumped : {};
  if (message === 'interrupted') throw new FileError(`it took longer than ${limits.milliseconds} ms`);
  throw new FileError(`${String(name)}: ${String(message)}`.slice(0, 300));
}

/** Of this thread's own: on a busy machine a file is not at fault for what others take. Node below 23.9 does not tell. */
function threadMilliseconds(): number {
  if (!('threadCpuUsage' in process)) return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function isNamed(value: unknown): value is { readonly name?: unknown; readonly message?: unknown } {
  return typeof value === 'object' && value !== null;
}

function toHandle(context: QuickJSContext, value: PacValue): QuickJSHandle {
  if (value === null) return context.null;
  if (typeof value === 'boolean') return value ? context.true : context.false;
  return typeof value === 'number' ? context.newNumber(value) : context.newString(value);
}

/** Whatever is no value of ours is the text it says it is. */
function fromHandle(context: QuickJSContext, handle: QuickJSHandle): PacValue {
  const type = context.typeof(handle);
  if (type === 'number') return context.getNumber(handle);
  if (type === 'boolean') return context.dump(handle) === true;
  return type === 'string' ? context.getString(handle) : String(context.dump(handle));
}
