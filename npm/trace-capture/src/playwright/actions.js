import { errorPayload } from '../errors.js';
import { describe } from '../values.js';
/**
 * Writes an `action` event for each API call of the test. The client's instrumentation knows the method and its
 * parameters, the runner's step its title and place; where a release lost the former, the latter alone must do.
 */
export class Actions {
    #recorder;
    #steps;
    #expects;
    #page;
    #begun = new Map();
    #called = new WeakMap();
    #written = new Set();
    #instrumented = false;
    constructor(recorder, steps, expects, page) {
        this.#recorder = recorder;
        this.#steps = steps;
        this.#expects = expects;
        this.#page = page;
    }
    stepBegin(begin) {
        this.#begun.set(begin.stepId, { begin, startTs: this.#recorder.now() });
    }
    /** The runner's end of an API step comes after the instrumentation's, so what is still here came only this way. */
    stepEnd(end) {
        const begun = this.#begun.get(end.stepId);
        this.#begun.delete(end.stepId);
        if (!begun || this.#written.delete(end.stepId) || this.#instrumented)
            return;
        const { begin, startTs } = begun;
        this.#write(end.stepId, startTs, {
            api: begin.title,
            title: titleOf(begin),
            ...(begin.params?.['locator'] === undefined ? {} : { locator: describe(begin.params['locator']) }),
            ...(begin.params ? { params: describe(begin.params) } : {}),
            ...locationPart(this.#steps.locationOf(begin.location)),
            ...(end.error ? { error: errorPayload(end.error) } : {}),
        });
    }
    apiBegin(call, channel) {
        this.#instrumented = true;
        this.#called.set(call, { channel, startTs: this.#recorder.now() });
    }
    apiEnd(call, raw) {
        const called = this.#called.get(call);
        if (!called || this.#expects.has(call.callId) || isExpect(called.channel))
            return;
        const { channel, startTs } = called;
        const begun = call.callId === undefined ? undefined : this.#begun.get(call.callId);
        const locator = raw?.params?.['locator'];
        if (call.callId !== undefined)
            this.#written.add(call.callId);
        // Getters and configuration calls are no reported steps; whose they are stands in the step itself.
        const place = begun ? call.callId : (raw?.info?._parentStep?._stepId ?? call.callId);
        this.#write(place, startTs, {
            api: call.apiName || `${channel.type}.${channel.method}`,
            title: begun ? titleOf(begun.begin) : (raw?.title ?? call.title ?? channel.method),
            ...(locator === undefined ? {} : { locator: describe(locator) }),
            ...paramsPart(channel.params),
            ...locationPart(this.#steps.locationOf(call.frames?.[0])),
            ...(call.error === undefined ? {} : { error: errorPayload(call.error) }),
        });
    }
    #write(rawId, startTs, payload) {
        const step = this.#steps.placeOf(rawId);
        const page = this.#page();
        this.#recorder.append('action', {
            ...payload,
            ...(page === undefined ? {} : { page }),
            start_ts: startTs,
            duration_ms: Math.max(0, this.#recorder.now() - startTs),
            ...(step && !step.open ? { late: true } : {}),
        }, { stepId: step?.id });
    }
}
function isExpect({ type, method }) {
    return (type === 'Frame' && method === 'expect') || (type === 'Page' && method === 'expectScreenshot');
}
function titleOf({ title, subtitle }) {
    return subtitle ? `${title} ${subtitle}` : title;
}
function locationPart(location) {
    return location ? { location: location } : {};
}
function paramsPart(params) {
    if (typeof params !== 'object' || params === null || Object.keys(params).length === 0)
        return {};
    return { params: describe(params) };
}
//# sourceMappingURL=actions.js.map