import { errorPayload } from '../errors.js';
import { relativeFile } from '../text.js';
const PREFIX = { 'test.step': 's', implicit: 'i', hook: 'h', fixture: 'f' };
/**
 * Keeps the tree of steps of one test and names them by their place in it: `s3.1` is the first child of the third
 * top-level `test.step`, `h1` the first hook. Equal tests get equal ids, which Playwright's own ids do not give.
 */
export class Steps {
    #recorder;
    #root;
    #boundary;
    #errors;
    #known = new Map();
    #parents = new Map();
    #open = [];
    #numbers = new Map();
    #implicit;
    constructor(recorder, root, boundary, errors) {
        this.#recorder = recorder;
        this.#root = root;
        this.#boundary = boundary;
        this.#errors = errors;
    }
    /** The innermost step that is open now. */
    get current() {
        return this.#open.at(-1);
    }
    /** A step of the runner begins. API calls and expects are only remembered, so that what they cause can be placed. */
    begin(raw) {
        this.#parents.set(raw.stepId, raw.parentStepId);
        const parent = this.of(raw.parentStepId);
        const category = categoryOf(raw.category);
        if (category === undefined) {
            if (!parent && isAct(raw.category))
                this.#beginImplicit(raw);
            return undefined;
        }
        if (!parent)
            this.#endImplicit();
        const step = this.#begin(category, raw.title, parent, raw.location);
        this.#known.set(raw.stepId, step);
        return step;
    }
    /** A step of the runner ends; an end without a begin is ignored. */
    end(raw, value) {
        const step = this.#known.get(raw.stepId);
        if (!step?.open)
            return;
        const skipped = raw.annotations?.some(({ type }) => type === 'skip') ?? false;
        this.#end(step, raw.error ? 'failed' : skipped ? 'skipped' : 'passed', {
            ...(raw.error ? { error: errorPayload(raw.error) } : {}),
            ...(value === undefined ? {} : { value }),
        });
    }
    /** The trace's step that a runner step is or belongs to, the implicit one included. */
    of(rawId) {
        for (let id = rawId; id !== undefined; id = this.#parents.get(id)) {
            const step = this.#known.get(id);
            if (step)
                return step;
        }
        return undefined;
    }
    /** Where an API call or expect belongs: its own step, else the implicit one. */
    placeOf(rawId) {
        return this.of(rawId) ?? this.#implicit?.step ?? this.current;
    }
    /** Ends what is still open when the trace ends. How many real steps that were. */
    closeAll(failed) {
        this.#endImplicit();
        const left = this.#open.splice(0).reverse();
        for (const step of left)
            this.#end(step, failed ? 'failed' : 'passed', {});
        return left.length;
    }
    locationOf(location) {
        if (!location)
            return undefined;
        return { file: relativeFile(this.#root, location.file), line: location.line, column: location.column };
    }
    #beginImplicit(raw) {
        if (this.#implicit)
            return;
        this.#implicit = { step: this.#begin('implicit', 'Test body', undefined, raw.location), errors: this.#errors() };
    }
    /** The runner knows no such step, so it has failed when the test got an error while it was open. */
    #endImplicit() {
        const implicit = this.#implicit;
        this.#implicit = undefined;
        if (implicit?.step.open)
            this.#end(implicit.step, this.#errors() > implicit.errors ? 'failed' : 'passed', {});
    }
    #begin(category, title, parent, location) {
        const number = parent ? (parent.children += 1) : this.#next(category);
        const id = parent ? `${parent.id}.${number}` : `${PREFIX[category]}${number}`;
        const path = [...(parent?.path ?? []), title];
        const step = { id, title, category, path, parent, startTs: this.#recorder.now(), open: true, children: 0 };
        this.#open.push(step);
        const index = category === 'test.step' && !parent ? number : undefined;
        const place = this.locationOf(location);
        const payload = { title, category, ...(parent ? { parent_id: parent.id } : {}), ...(index ? { index } : {}), path, ...(place ? { location: place } : {}) };
        this.#recorder.append('step.start', payload, { stepId: id });
        this.#boundary('start', step);
        return step;
    }
    #end(step, status, extra) {
        this.#boundary('end', step);
        step.open = false;
        const at = this.#open.indexOf(step);
        if (at !== -1)
            this.#open.splice(at, 1);
        const duration_ms = Math.max(0, this.#recorder.now() - step.startTs);
        this.#recorder.append('step.end', { status, duration_ms, ...extra }, { stepId: step.id });
    }
    #next(category) {
        const number = (this.#numbers.get(category) ?? 0) + 1;
        this.#numbers.set(category, number);
        return number;
    }
}
function categoryOf(raw) {
    return raw === 'test.step' || raw === 'hook' || raw === 'fixture' ? raw : undefined;
}
function isAct(raw) {
    return raw === 'pw:api' || raw === 'expect';
}
//# sourceMappingURL=steps.js.map