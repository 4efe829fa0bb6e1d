import { AsyncLocalStorage } from 'node:async_hooks';
import { asJson } from '../values.js';
import type { Json } from '../values.js';
import { guarded } from '../problems.js';
import type { AnyFunction, CallListener } from './hidden-frames.js';
import { callerOf, told } from './hidden-frames.js';
import type { RawError, StepBegin, StepEnd } from './privates.js';
import { property } from './privates.js';

/**
 * The second way to hear of a test's steps, where Playwright's inner callbacks are missing or not wanted: stand-ins for its
 * public functions. It knows less (no hooks, no fixtures), so it is used only then, and the trace says so.
 */

const MAX_VALUE = 64 * 1024;

/** Gets what the callbacks would have told. */
export interface StepSink {
  readonly begin: (begin: StepBegin) => void;
  readonly end: (end: StepEnd, value?: Json) => void;
}

interface Call {
  readonly id: string;
  /** Inside an API call or an expect, others are its own doing. */
  readonly act: boolean;
  readonly skip: boolean;
}

const zone = new AsyncLocalStorage<Call>();
let sink: StepSink | undefined;
let count = 0;

/** Whether a test listens. */
export function isHeard(): boolean {
  return sink !== undefined;
}

/** Sends what is heard to the trace of a test; without one nothing is done. */
export function tellSteps(to: StepSink | undefined): void {
  sink = to;
}

/** Stands in front of `test.step` and `test.step.skip`, also of every test made from this one by `extend`. */
export function standInForSteps(test: object): void {
  const step: unknown = Reflect.get(test, 'step');
  if (typeof step !== 'function' || stoodIn.has(step)) return;
  const outer = standIn(step as AnyFunction, 'test.step', ([title]) => String(title));
  const skip = property(step, 'skip');
  if (typeof skip === 'function') Reflect.set(outer, 'skip', standIn(skip as AnyFunction, 'test.step', ([title]) => String(title), true));
  Reflect.set(test, 'step', outer);
  const extend: unknown = Reflect.get(test, 'extend');
  if (typeof extend !== 'function') return;
  const seen: CallListener<Call> = {
    begin: () => ({ id: '', act: true, skip: false }),
    done: (_, extended) => guarded('an extended test', () => standInForSteps(extended as object)),
    failed: () => undefined,
  };
  Reflect.set(test, 'extend', told(extend as AnyFunction, zone, seen));
}

/** What is a stand-in already. */
export const stoodIn: WeakSet<object> = new WeakSet();

type TitleOf = (args: readonly unknown[]) => string;
type ParamsOf = (self: unknown, args: readonly unknown[]) => object;

/** A stand-in that tells of calls of one category while some test listens. */
export function standIn(original: AnyFunction, category: string, titleOf: TitleOf, skip = false, paramsOf?: ParamsOf): AnyFunction {
  const act = category !== 'test.step';
  const listener: CallListener<Call> = {
    begin(args, self) {
      const outer = zone.getStore();
      if (sink === undefined || outer?.act) return undefined;
      const call: Call = { id: `public@${(count += 1)}`, act, skip };
      guarded('a step', () => sink?.begin(beginOf(call, outer, category, titleOf(args), paramsOf?.(self, args))));
      return call;
    },
    done: ({ id }, result) => guarded('a step', () => sink?.end({ stepId: id, wallTime: Date.now(), ...(skip ? { annotations: [{ type: 'skip' }] } : {}) }, act ? undefined : asJson(result, MAX_VALUE))),
    failed: ({ id }, cause) => guarded('a step', () => sink?.end({ stepId: id, wallTime: Date.now(), error: errorOf(cause) })),
  };
  const inFront = told(original, zone, listener);
  stoodIn.add(inFront);
  return inFront;
}

function beginOf({ id }: Call, outer: Call | undefined, category: string, title: string, params: object | undefined): StepBegin {
  const location = callerOf(new Error().stack ?? '');
  return {
    stepId: id, title, category, wallTime: Date.now(), ...(outer ? { parentStepId: outer.id } : {}),
    ...(location ? { location } : {}), ...(params && Object.keys(params).length > 0 ? { params: params as Readonly<Record<string, unknown>> } : {}),
  };
}

function errorOf(cause: unknown): RawError {
  return cause instanceof Error ? { message: cause.message, name: cause.name, ...(cause.stack === undefined ? {} : { stack: cause.stack }) } : { value: String(cause) };
}
