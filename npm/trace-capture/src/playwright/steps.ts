import { errorPayload } from '../errors.js';
import type { TraceRecorder } from '../recorder.js';
import { relativeFile } from '../text.js';
import type { Json, Payload } from '../values.js';
import type { RawLocation, StepBegin, StepEnd } from './privates.js';

/** What kinds of steps become steps of the trace. */
export type Category = 'test.step' | 'implicit' | 'hook' | 'fixture';

/** One step of the trace. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly path: readonly string[];
  readonly parent: Step | undefined;
  readonly startTs: number;
  open: boolean;
  children: number;
}

/** Told when a step has begun or ended, before anything else is recorded in it. */
export type BoundaryListener = (when: 'start' | 'end', step: Step) => void;

const PREFIX: Record<Category, string> = { 'test.step': 's', implicit: 'i', hook: 'h', fixture: 'f' };

/**
 * Keeps the tree of steps of one test and names them by their place in it: `s3.1` is the first child of the third
 * top-level `test.step`, `h1` the first hook. Equal tests get equal ids, which Playwright's own ids do not give.
 */
export class Steps {
  readonly #recorder: TraceRecorder;
  readonly #root: string;
  readonly #boundary: BoundaryListener;
  readonly #errors: () => number;
  readonly #known = new Map<string, Step>();
  readonly #parents = new Map<string, string | undefined>();
  readonly #open: Step[] = [];
  readonly #numbers = new Map<Category, number>();
  #implicit: { readonly step: Step; readonly errors: number } | undefined;

  constructor(recorder: TraceRecorder, root: string, boundary: BoundaryListener, errors: () => number) {
    this.#recorder = recorder;
    this.#root = root;
    this.#boundary = boundary;
    this.#errors = errors;
  }

  /** The innermost step that is open now. */
  get current(): Step | undefined {
    return this.#open.at(-1);
  }

  /** A step of the runner begins. API calls and expects are only remembered, so that what they cause can be placed. */
  begin(raw: StepBegin): Step | undefined {
    this.#parents.set(raw.stepId, raw.parentStepId);
    const parent = this.of(raw.parentStepId);
    const category = categoryOf(raw.category);
    if (category === undefined) {
      if (!parent && isAct(raw.category)) this.#beginImplicit(raw);
      return undefined;
    }
    if (!parent) this.#endImplicit();
    const step = this.#begin(category, raw.title, parent, raw.location);
    this.#known.set(raw.stepId, step);
    return step;
  }

  /** A step of the runner ends; an end without a begin is ignored. */
  end(raw: StepEnd, value?: Json): void {
    const step = this.#known.get(raw.stepId);
    if (!step?.open) return;
    const skipped = raw.annotations?.some(({ type }) => type === 'skip') ?? false;
    this.#end(step, raw.error ? 'failed' : skipped ? 'skipped' : 'passed', {
      ...(raw.error ? { error: errorPayload(raw.error) } : {}),
      ...(value === undefined ? {} : { value }),
    });
  }

  /** The trace's step that a runner step is or belongs to, the implicit one included. */
  of(rawId: string | undefined): Step | undefined {
    for (let id = rawId; id !== undefined; id = this.#parents.get(id)) {
      const step = this.#known.get(id);
      if (step) return step;
    }
    return undefined;
  }

  /** Where an API call or expect belongs: its own step, else the implicit one. */
  placeOf(rawId: string | undefined): Step | undefined {
    return this.of(rawId) ?? this.#implicit?.step ?? this.current;
  }

  /** Ends what is still open when the trace ends. How many real steps that were. */
  closeAll(failed: boolean): number {
    this.#endImplicit();
    const left = this.#open.splice(0).reverse();
    for (const step of left) this.#end(step, failed ? 'failed' : 'passed', {});
    return left.length;
  }

  locationOf(location: RawLocation | undefined): Payload | undefined {
    if (!location) return undefined;
    return { file: relativeFile(this.#root, location.file), line: location.line, column: location.column };
  }

  #beginImplicit(raw: StepBegin): void {
    if (this.#implicit) return;
    this.#implicit = { step: this.#begin('implicit', 'Test body', undefined, raw.location), errors: this.#errors() };
  }

  /** The runner knows no such step, so it has failed when the test got an error while it was open. */
  #endImplicit(): void {
    const implicit = this.#implicit;
    this.#implicit = undefined;
    if (implicit?.step.open) this.#end(implicit.step, this.#errors() > implicit.errors ? 'failed' : 'passed', {});
  }

  #begin(category: Category, title: string, parent: Step | undefined, location: RawLocation | undefined): Step {
    const number = parent ? (parent.children += 1) : this.#next(category);
    const id = parent ? `${parent.id}.${number}` : `${PREFIX[category]}${number}`;
    const path = [...(parent?.path ?? []), title];
    const step: Step = { id, title, category, path, parent, startTs: this.#recorder.now(), open: true, children: 0 };
    this.#open.push(step);
    const index = category === 'test.step' && !parent ? number : undefined;
    const place = this.locationOf(location);
    const payload = { title, category, ...(parent ? { parent_id: parent.id } : {}), ...(index ? { index } : {}), path, ...(place ? { location: place } : {}) };
    this.#recorder.append('step.start', payload as Payload, { stepId: id });
    this.#boundary('start', step);
    return step;
  }

  #end(step: Step, status: string, extra: Payload): void {
    this.#boundary('end', step);
    step.open = false;
    const at = this.#open.indexOf(step);
    if (at !== -1) this.#open.splice(at, 1);
    const duration_ms = Math.max(0, this.#recorder.now() - step.startTs);
    this.#recorder.append('step.end', { status, duration_ms, ...extra }, { stepId: step.id });
  }

  #next(category: Category): number {
    const number = (this.#numbers.get(category) ?? 0) + 1;
    this.#numbers.set(category, number);
    return number;
  }
}

function categoryOf(raw: string): Category | undefined {
  return raw === 'test.step' || raw === 'hook' || raw === 'fixture' ? raw : undefined;
}

function isAct(raw: string): boolean {
  return raw === 'pw:api' || raw === 'expect';
}
