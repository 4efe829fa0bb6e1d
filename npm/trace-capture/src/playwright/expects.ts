import { errorPayload } from '../errors.js';
import type { TraceRecorder } from '../recorder.js';
import type { Payload } from '../values.js';
import { describe } from '../values.js';
import type { RawStep, StepBegin, StepEnd, StepResult } from './privates.js';
import { property } from './privates.js';
import type { Step, Steps } from './steps.js';

interface Open {
  readonly begin: StepBegin;
  readonly step: Step | undefined;
  readonly startTs: number;
  result: StepResult | undefined;
  selector?: string;
}

const TITLE = /^Expect "(poll )?(soft )?(not )?([A-Za-z_$][\w$]*)/;

/** Turns the runner's expect steps into `assertion` events, one per `expect` a test wrote. */
export class Expects {
  readonly #recorder: TraceRecorder;
  readonly #steps: Steps;
  readonly #open = new Map<string, Open>();
  readonly #all = new Set<string>();

  constructor(recorder: TraceRecorder, steps: Steps) {
    this.#recorder = recorder;
    this.#steps = steps;
  }

  /** An expect begins. Those inside another one (each try of `expect.poll` and `toPass`) are left to the outer. */
  begin(begin: StepBegin, raw: RawStep | undefined): void {
    this.#all.add(begin.stepId);
    if (begin.parentStepId !== undefined && this.#all.has(begin.parentStepId)) return;
    const open: Open = { begin, step: this.#steps.placeOf(begin.stepId), startTs: this.#recorder.now(), result: undefined };
    this.#open.set(begin.stepId, open);
    const { complete } = raw ?? {};
    if (!raw || typeof complete !== 'function') return;
    raw.complete = (result) => {
      open.result = result;
      complete.call(raw, result);
    };
  }

  /** Whether a runner step is an expect. */
  has(rawId: string | undefined): boolean {
    return rawId !== undefined && this.#all.has(rawId);
  }

  /** The call behind an expect names what it looked at, which up to 1.62 the step does not. */
  lookedAt(rawId: string | undefined, params: unknown): void {
    const open = rawId === undefined ? undefined : this.#open.get(rawId);
    const selector = property(params, 'selector');
    if (open && typeof selector === 'string') open.selector = selector;
  }

  end(end: StepEnd): void {
    const open = this.#open.get(end.stepId);
    if (!open) return;
    this.#open.delete(end.stepId);
    this.#recorder.append('assertion', this.#payload(open, end), { stepId: open.step?.id });
  }

  #payload({ begin, result, startTs, step, selector }: Open, end: StepEnd): Payload {
    const matched = TITLE.exec(begin.title);
    const matcher = property(result?.error, 'matcherResult');
    const told = (name: string): unknown => property(result, name) ?? property(matcher, name);
    const name = matched?.[4] ?? told('name');
    const soft = matched ? matched[2] !== undefined : result?.softError !== undefined;
    const received = told('actual') ?? told('received');
    const expected = told('expected') ?? begin.params?.['expected'];
    const locator = begin.params?.['locator'] ?? (selector === undefined ? undefined : `locator('${selector}')`);
    const location = this.#steps.locationOf(begin.location);
    return {
      name: typeof name === 'string' ? name : 'expect',
      pass: end.error === undefined && result?.error === undefined,
      ...(locator === undefined ? {} : { locator: describe(locator) }),
      ...(expected === undefined ? {} : { expected: describe(expected) }),
      ...(received === undefined ? {} : { received: describe(received) }),
      ...(soft ? { soft } : {}),
      ...(matched?.[3] ? { negated: true } : {}),
      ...(matched?.[1] ? { poll: true } : {}),
      ...(matched ? {} : { message: begin.title }),
      ...(step && !step.open ? { late: true } : {}),
      duration_ms: Math.max(0, this.#recorder.now() - startTs),
      ...(location ? { location } : {}),
      ...(end.error ? { error: errorPayload(end.error) } : {}),
    };
  }
}
