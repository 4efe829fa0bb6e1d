import { errorPayload } from '../errors.js';
import { describe } from '../values.js';
import { property } from './privates.js';
const TITLE = /^Expect "(poll )?(soft )?(not )?([A-Za-z_$][\w$]*)/;
/** Turns the runner's expect steps into `assertion` events, one per `expect` a test wrote. */
export class Expects {
    #recorder;
    #steps;
    #open = new Map();
    #all = new Set();
    constructor(recorder, steps) {
        this.#recorder = recorder;
        this.#steps = steps;
    }
    /** An expect begins. Those inside another one (each try of `expect.poll` and `toPass`) are left to the outer. */
    begin(begin, raw) {
        this.#all.add(begin.stepId);
        if (begin.parentStepId !== undefined && this.#all.has(begin.parentStepId))
            return;
        const open = { begin, step: this.#steps.placeOf(begin.stepId), startTs: this.#recorder.now(), result: undefined };
        this.#open.set(begin.stepId, open);
        const { complete } = raw ?? {};
        if (!raw || typeof complete !== 'function')
            return;
        raw.complete = (result) => {
            open.result = result;
            complete.call(raw, result);
        };
    }
    /** Whether a runner step is an expect. */
    has(rawId) {
        return rawId !== undefined && this.#all.has(rawId);
    }
    end(end) {
        const open = this.#open.get(end.stepId);
        if (!open)
            return;
        this.#open.delete(end.stepId);
        this.#recorder.append('assertion', this.#payload(open, end), { stepId: open.step?.id });
    }
    #payload({ begin, result, startTs, step }, end) {
        const matched = TITLE.exec(begin.title);
        const matcher = property(result?.error, 'matcherResult');
        const told = (name) => property(result, name) ?? property(matcher, name);
        const name = matched?.[4] ?? told('name');
        const soft = matched ? matched[2] !== undefined : result?.softError !== undefined;
        const received = told('actual') ?? told('received');
        const expected = told('expected') ?? begin.params?.['expected'];
        const location = this.#steps.locationOf(begin.location);
        return {
            name: typeof name === 'string' ? name : 'expect',
            pass: end.error === undefined && result?.error === undefined,
            ...(begin.params?.['locator'] === undefined ? {} : { locator: describe(begin.params['locator']) }),
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
//# sourceMappingURL=expects.js.map