import { errorPayload } from '../errors.js';
import type { TraceRecorder } from '../recorder.js';
import type { Json, Payload } from '../values.js';
import { describe } from '../values.js';
import type { Expects } from './expects.js';
import type { ApiCall, ChannelCall, RawStep, StepBegin, StepEnd } from './privates.js';
import { locatorOf, stepIdOf } from './privates.js';
import type { Steps } from './steps.js';

interface Begun {
  readonly begin: StepBegin;
  readonly startTs: number;
}

interface Called {
  readonly channel: ChannelCall;
  readonly startTs: number;
}

/** Where the page of an action comes from: the only open one, since Playwright does not tell whose call it was. */
export type PageGuess = () => string | undefined;

/**
 * Writes an `action` event for each API call of the test. The client's instrumentation knows the method and its
 * parameters, the runner's step its title and place; where a release lost the former, the latter alone must do.
 */
export class Actions {
  readonly #recorder: TraceRecorder;
  readonly #steps: Steps;
  readonly #expects: Expects;
  readonly #page: PageGuess;
  readonly #begun = new Map<string, Begun>();
  readonly #called = new WeakMap<ApiCall, Called>();
  readonly #written = new Set<string>();
  #instrumented = false;
  #calls = 0;

  constructor(recorder: TraceRecorder, steps: Steps, expects: Expects, page: PageGuess) {
    this.#recorder = recorder;
    this.#steps = steps;
    this.#expects = expects;
    this.#page = page;
  }

  stepBegin(begin: StepBegin): void {
    this.#begun.set(begin.stepId, { begin, startTs: this.#recorder.now() });
  }

  /** The runner's end of an API step comes after the instrumentation's, so what is still here came only this way. */
  stepEnd(end: StepEnd): void {
    const begun = this.#begun.get(end.stepId);
    this.#begun.delete(end.stepId);
    if (!begun || this.#written.delete(end.stepId) || this.#instrumented) return;
    const { begin, startTs } = begun;
    this.#write(end.stepId, startTs, {
      api: begin.title,
      title: titleOf(begin),
      ...locatorPart(locatorOf(begin.title, begin.params)),
      ...(begin.params ? { params: describe(begin.params) } : {}),
      ...locationPart(this.#steps.locationOf(begin.location)),
      ...(end.error ? { error: errorPayload(end.error) } : {}),
    });
  }

  /** How many API calls have begun; nothing where that is not told. The recorder's own count as well. */
  get begun(): number | undefined {
    return this.#instrumented ? this.#calls : undefined;
  }

  apiBegin(call: ApiCall, channel: ChannelCall): void {
    this.#instrumented = true;
    this.#calls += 1;
    this.#called.set(call, { channel, startTs: this.#recorder.now() });
  }

  apiEnd(call: ApiCall, raw: RawStep | undefined): void {
    const called = this.#called.get(call);
    const id = stepIdOf(call);
    if (called && isExpect(called.channel)) this.#expects.lookedAt(id, called.channel.params);
    if (!called || this.#expects.has(id) || isExpect(called.channel)) return;
    const { channel, startTs } = called;
    const begun = id === undefined ? undefined : this.#begun.get(id);
    const title = begun ? titleOf(begun.begin) : (raw?.title ?? call.title ?? channel.method);
    const locator = locatorOf(title, raw?.params);
    if (id !== undefined) this.#written.add(id);
    // Getters and configuration calls are no reported steps; whose they are stands in the step itself.
    const place = begun ? id : (raw?.info?._parentStep?._stepId ?? id);
    this.#write(place, startTs, {
      api: call.apiName || `${channel.type}.${channel.method}`,
      title,
      ...locatorPart(locator),
      ...paramsPart(channel.params),
      ...locationPart(this.#steps.locationOf(call.frames?.[0])),
      ...(call.error === undefined ? {} : { error: errorPayload(call.error) }),
    });
  }

  #write(rawId: string | undefined, startTs: number, payload: Payload): void {
    const step = this.#steps.placeOf(rawId);
    const page = this.#page();
    this.#recorder.append(
      'action',
      {
        ...payload,
        ...(page === undefined ? {} : { page }),
        start_ts: startTs,
        duration_ms: Math.max(0, this.#recorder.now() - startTs),
        ...(step && !step.open ? { late: true } : {}),
      },
      { stepId: step?.id },
    );
  }
}

function isExpect({ type, method }: ChannelCall): boolean {
  return (type === 'Frame' && method === 'expect') || (type === 'Page' && method === 'expectScreenshot');
}

function titleOf({ title, subtitle }: StepBegin): string {
  return subtitle ? `${title} ${subtitle}` : title;
}

function locationPart(location: Payload | undefined): Payload {
  return location ? { location: location as Json } : {};
}

function locatorPart(locator: unknown): Payload {
  return locator === undefined ? {} : { locator: describe(locator) };
}

function paramsPart(params: unknown): Payload {
  if (typeof params !== 'object' || params === null || Object.keys(params).length === 0) return {};
  return { params: describe(params) };
}
