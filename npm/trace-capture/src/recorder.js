import { native } from './native.js';
import { guarded, guardedAsync, problems } from './problems.js';
import { atMost } from './wait.js';
const MAX_NOTICES = 200;
/** What `finish` may take once it was too slow in this process: a server that hangs must not cost every test the same. */
const IMPATIENT_MS = 300;
const SLOW_MS = 1_500;
let wasSlow = false;
/** One trace being written. Appending is synchronous and never throws; what fails is remembered and told at the end. */
export class TraceRecorder {
    #native;
    #counts = new Map();
    #ships;
    #notices = 0;
    #closed = false;
    constructor(recorder, ships) {
        this.#native = recorder;
        this.#ships = ships;
    }
    /** Opens a trace, or says why there is none. */
    static open(options) {
        const addon = native();
        if (!addon)
            return undefined;
        return guarded('opening a trace', () => new TraceRecorder(new addon.Recorder(options), options.server !== undefined));
    }
    get traceId() {
        return this.#native.traceId;
    }
    get shortId() {
        return this.#native.shortId;
    }
    get dir() {
        return this.#native.dir;
    }
    get closed() {
        return this.#closed;
    }
    /** How many events of each kind were appended here. */
    get counts() {
        return this.#counts;
    }
    now() {
        return guarded('reading the clock', () => this.#native.now()) ?? 0;
    }
    tsOf(epochMs) {
        return guarded('reading the clock', () => Math.max(0, this.#native.tsOf(epochMs))) ?? 0;
    }
    append(kind, payload, place = {}) {
        this.#write(kind, () => this.#native.append(kind, payload, place.stepId, place.ts));
    }
    appendContent(kind, payload, contents, place = {}) {
        this.#write(kind, () => this.#native.appendContent(kind, payload, contents, place.stepId, place.ts));
    }
    /** Says in the trace itself what it is missing. Bounded: a storm of losses becomes a count. */
    notice(code, message, extra = {}) {
        this.#notices += 1;
        if (this.#notices > MAX_NOTICES)
            return;
        this.append('capture.notice', { code, message, ...extra });
    }
    /** Copies a file beside the trace before the runner can delete it. */
    async addArtifact(name, path) {
        if (this.#closed)
            return false;
        const added = await guardedAsync(`keeping ${name}`, async () => {
            await this.#native.addArtifact(name, path);
            return true;
        });
        return added ?? false;
    }
    /** Ends the trace and says where it is, as far as that is known. Safe to call twice; later appends are dropped. */
    async finish(runEnd, bound_ms) {
        if (this.#closed)
            return undefined;
        if (this.#notices > MAX_NOTICES) {
            this.append('capture.notice', { code: 'notices.dropped', message: 'more notices than a trace keeps', count: this.#notices - MAX_NOTICES });
        }
        this.#closed = true;
        const done = guardedAsync('finishing a trace', async () => await this.#native.finish(runEnd));
        const startedAt = Date.now();
        const limit = wasSlow ? Math.min(bound_ms, IMPATIENT_MS) : bound_ms;
        const finished = await atMost(limit, done);
        wasSlow ||= Date.now() - startedAt > SLOW_MS;
        if (finished !== undefined || problems.has('finishing a trace'))
            return finished;
        // The record is whole, only not where it should be; the end of the run tells that once for all traces.
        if (this.#ships)
            return { outcome: 'spooled', reason: 'the server did not take everything in time' };
        problems.add('finishing a trace', new Error(`not done within ${Math.round(limit)} ms; the next run finishes it`));
        return undefined;
    }
    #write(kind, write) {
        if (this.#closed)
            return;
        guarded(`recording ${kind}`, write);
        this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    }
}
//# sourceMappingURL=recorder.js.map