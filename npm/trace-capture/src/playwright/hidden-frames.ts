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
