import type { TestInfo } from '@playwright/test';
import { guarded, problems } from '../problems.js';
import { replayGuest } from '../replay-port.js';
import { seeing } from './hidden-frames.js';
import type { Session } from '../session.js';
import { asJson } from '../values.js';
import type { Json } from '../values.js';
import { tellSteps } from './public-hooks.js';
import type { Attached, RawError, RawStep, RawTestInfo, StepBegin, StepEnd } from './privates.js';

const MAX_VALUE = 64 * 1024;

/** What could be hooked on a test; the rest must come from elsewhere or is missing. */
export interface Hooked {
  readonly callbacks: boolean;
  readonly end: boolean;
}

/** Told about what the test itself reports. */
export interface TestListener {
  readonly attached: (attachment: Attached) => void;
  /** The test function has ended and pages are still open. Awaited by the runner; must be bounded. */
  readonly bodyDone: () => Promise<void>;
  /** All hooks and fixtures are done, and what reporters get of the test can still be added to. */
  readonly reporting: () => void;
  /** Nothing of the test is left to come. Awaited by the runner; must be bounded. */
  readonly allDone: () => Promise<void>;
}

/**
 * Listens to one test through the callbacks by which the worker tells the runner about it. They bring every category
 * of step including expects, which no public interface does. Each is called first, ours after it.
 */
export function hookTest(testInfo: TestInfo, session: Session, listener: TestListener): Hooked {
  const raw = testInfo as unknown as RawTestInfo;
  adoptOpenSteps(raw, session);
  raw._onDidFinishTestFunctionCallbacks?.add(listener.bodyDone);
  return { callbacks: hookCallbacks(raw, session, listener), end: hookEnd(raw, listener) };
}

/** Listens to one test through what is public; used where the callbacks are missing, or not wanted. */
export function hookTestPublicly(session: Session): void {
  const { testInfo, steps, expects, actions } = session;
  const errors = new Map<string, number>();
  tellSteps({
    begin(payload) {
      session.seen.add('steps');
      errors.set(payload.stepId, testInfo.errors.length);
      steps.begin(payload);
      if (payload.category === 'expect') expects.begin(payload, undefined);
      if (payload.category === 'pw:api') actions.stepBegin(payload);
    },
    end(payload, value) {
      // A soft assertion does not throw; it only adds an error to the test.
      const soft = testInfo.errors.length > (errors.get(payload.stepId) ?? 0) ? testInfo.errors.at(-1) : undefined;
      const end: StepEnd = payload.error || !soft ? payload : { ...payload, error: soft as RawError };
      errors.delete(payload.stepId);
      expects.end(end);
      actions.stepEnd(end);
      steps.end(end, value);
    },
  });
}

function hookCallbacks(raw: RawTestInfo, session: Session, listener: TestListener): boolean {
  const original = raw._callbacks;
  if (typeof original?.onStepBegin !== 'function' || typeof original.onStepEnd !== 'function') return false;
  const values = new Map<string, Json>();
  raw._callbacks = {
    ...original,
    onStepBegin: (payload) => {
      original.onStepBegin?.(payload);
      guarded('a step', () => stepBegin(raw, session, payload, values));
    },
    onStepEnd: (payload) => {
      original.onStepEnd?.(payload);
      guarded('a step', () => stepEnd(session, payload, values));
    },
    onAttach: (payload) => {
      original.onAttach?.(payload);
      guarded('an attachment', () => listener.attached(payload));
    },
  };
  return true;
}

function stepBegin(raw: RawTestInfo, session: Session, payload: StepBegin, values: Map<string, Json>): void {
  session.seen.add('steps');
  const step = raw._stepMap?.get(payload.stepId);
  session.steps.begin(payload);
  if (payload.category === 'expect') session.expects.begin(payload, step);
  if (payload.category === 'pw:api') session.actions.stepBegin(payload);
  if (payload.category === 'test.step' && step) {
    keepValue(step, values);
    holdBody(step);
  }
}

function stepEnd(session: Session, payload: StepEnd, values: Map<string, Json>): void {
  session.expects.end(payload);
  session.actions.stepEnd(payload);
  session.steps.end(payload, values.get(payload.stepId));
  values.delete(payload.stepId);
}

/** The step's body is run through this object right after its begin was told, so its result can be read on the way. */
function keepValue(step: RawStep, values: Map<string, Json>): void {
  const { info } = step;
  const run = info?._runStepBody;
  if (!info || typeof run !== 'function') return;
  info._runStepBody = seeing(run, (result) => {
    const value = asJson(result, MAX_VALUE);
    if (value !== undefined) values.set(step.stepId, value);
  });
}

/** A replay may keep a step from beginning; a test that is not replayed has nobody to ask. */
function holdBody({ info }: RawStep): void {
  const gate = replayGuest()?.bodyBegins?.();
  const run = info?._runStepBody;
  if (!gate || !info || typeof run !== 'function') return;
  info._runStepBody = async (...args) => {
    await gate;
    return await run.apply(info, args);
  };
}

/** The recorder is set up inside `Before Hooks`, whose begin has been told already. */
function adoptOpenSteps(raw: RawTestInfo, session: Session): void {
  const adopt = (steps: readonly RawStep[], parent?: string): void => {
    for (const step of steps) {
      if (step.endWallTime !== undefined || (step.category !== 'hook' && step.category !== 'fixture')) continue;
      if (step.group === undefined) session.steps.begin(beginOf(step, parent));
      adopt(step.steps ?? [], step.group === undefined ? step.stepId : parent);
    }
  };
  guarded('open steps', () => adopt(raw._steps ?? []));
}

function beginOf(step: RawStep, parent: string | undefined): StepBegin {
  const location = step.stack?.[0] ?? step.location;
  return {
    stepId: step.stepId, title: step.title, category: step.category, wallTime: Date.now(),
    ...(parent === undefined ? {} : { parentStepId: parent }), ...(location ? { location } : {}),
  };
}

/**
 * `stopIfNeeded` is the last thing the worker awaits for a test: all hooks are done, the verdict stands, the trace
 * file of the user's own configuration exists and nothing has been deleted yet.
 */
function hookEnd(raw: RawTestInfo, listener: TestListener): boolean {
  const tracing = raw._tracing;
  const stop = tracing?.stopIfNeeded;
  if (!tracing || typeof stop !== 'function') return false;
  tracing.stopIfNeeded = async () => {
    guarded('what reporters get', listener.reporting);
    try {
      await stop.call(tracing);
    } finally {
      await listener.allDone().catch((cause: unknown) => problems.add('the end of a test', cause));
    }
  };
  return true;
}
