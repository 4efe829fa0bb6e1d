import type { AsyncLocalStorage } from 'node:async_hooks';
import { compileFunction } from 'node:vm';

/** Anything callable. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * Playwright reports the first stack frame outside of itself as the place of a call, which would be ours for every
 * function we stand in front of. It leaves out frames of Node's own files, so the stand-ins pass for such.
 */
const FILE = 'node:internal/molar-trace';

const compiled = compileFunction(
  `return async function (...args) { await before.call(this, args); return await original.apply(this, args); };`,
  ['original', 'before'],
  { filename: FILE },
) as (original: AnyFunction, before: (args: unknown[]) => Promise<void>) => AnyFunction;

const compiledSeeing = compileFunction(
  `return async function (...args) { const result = await original.apply(this, args); seen(result); return result; };`,
  ['original', 'seen'],
  { filename: FILE },
) as (original: AnyFunction, seen: (result: unknown) => void) => AnyFunction;

/** A function that does what `original` does and shows its result to `seen`, which must not throw. */
export function seeing<F extends AnyFunction>(original: F, seen: (result: unknown) => void): F {
  return compiledSeeing(original, seen) as F;
}

/** A function that first awaits `before` and then does what `original` does. `before` must not throw. */
export function afterwards<F extends AnyFunction>(original: F, before: (args: unknown[]) => Promise<void>): F {
  return compiled(original, before) as F;
}

/** Told about the calls of a function. `begin` says which call it is, or nothing for one that is of no interest. */
export interface CallListener<Call> {
  readonly begin: (args: unknown[], self: unknown) => Call | undefined;
  readonly done: (call: Call, result: unknown) => void;
  readonly failed: (call: Call, cause: unknown) => void;
}

const compiledTold = compileFunction(
  `return function (...args) {
    const call = listener.begin(args, this);
    if (call === undefined) return original.apply(this, args);
    const failed = (cause) => { listener.failed(call, cause); throw cause; };
    const done = (result) => { listener.done(call, result); return result; };
    let result;
    try { result = zone.run(call, () => original.apply(this, args)); } catch (cause) { failed(cause); }
    return typeof result?.then === 'function' ? result.then(done, failed) : done(result);
  };`,
  ['original', 'zone', 'listener'],
  { filename: FILE },
) as (original: AnyFunction, zone: AsyncLocalStorage<unknown>, listener: CallListener<never>) => AnyFunction;

/** A function that does what `original` does within a zone, and tells when. Synchronous calls stay synchronous; the listener must not throw. */
export function told<F extends AnyFunction, Call>(original: F, zone: AsyncLocalStorage<Call>, listener: CallListener<Call>): F {
  return compiledTold(original, zone as AsyncLocalStorage<unknown>, listener as unknown as CallListener<never>) as F;
}

/** The place in the test from which the function that stands in front was called. */
export function callerOf(stack: string): { file: string; line: number; column: number } | undefined {
  const lines = stack.split('\n');
  const at = lines.map((line) => line.includes(FILE)).lastIndexOf(true);
  const found = /\(?(?:file:\/\/)?([^\s()]+):(\d+):(\d+)\)?$/.exec(lines[at + 1] ?? '');
  return found ? { file: decodeURI(found[1] ?? ''), line: Number(found[2]), column: Number(found[3]) } : undefined;
}
