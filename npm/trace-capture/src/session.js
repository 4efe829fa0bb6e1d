import { dirname } from 'node:path';
import { PageIds, guidOf } from './identities.js';
import { Actions } from './playwright/actions.js';
import { Expects } from './playwright/expects.js';
import { Steps } from './playwright/steps.js';
import { guarded } from './problems.js';
import { Pending } from './wait.js';
/** The recording of one test attempt: what all sources share. */
export class Session {
    testInfo;
    settings;
    recorder;
    steps;
    expects;
    actions;
    pages = new PageIds();
    /** Work that writes into this trace when it is done, such as bodies being fetched. */
    pending = new Pending();
    /** Which channels delivered something, for the self-check. */
    seen = new Set();
    #openPages = new Map();
    #listeners = [];
    #closers = [];
    constructor(testInfo, settings, recorder, root) {
        this.testInfo = testInfo;
        this.settings = settings;
        this.recorder = recorder;
        this.steps = new Steps(recorder, root, (when, step) => {
            for (const listener of this.#listeners)
                guarded('a step boundary', () => listener(when, step));
        }, () => testInfo.errors.length);
        this.expects = new Expects(recorder, this.steps);
        this.actions = new Actions(recorder, this.steps, this.expects, () => this.onlyPage);
    }
    onStep(listener) {
        this.#listeners.push(listener);
    }
    /** Closers run in the order they were added. */
    onClose(closer) {
        this.#closers.push(closer);
    }
    get closers() {
        return this.#closers;
    }
    /** The id of the page when exactly one is open. */
    get onlyPage() {
        const [first, second] = this.#openPages.keys();
        return second === undefined && first !== undefined ? this.pages.page(first) : undefined;
    }
    get openPages() {
        return [...this.#openPages.values()];
    }
    /** Registers a page once; whether it was new to this trace. */
    addPage(page) {
        const guid = guidOf(page);
        if (this.#openPages.has(guid))
            return false;
        this.#openPages.set(guid, page);
        this.pages.page(guid);
        return true;
    }
    removePage(page) {
        this.#openPages.delete(guidOf(page));
    }
    /** Appends an event where the test is now, unless told otherwise. */
    append(kind, payload, place = {}) {
        this.recorder.append(kind, payload, this.#placed(place));
    }
    appendContent(kind, payload, contents, place = {}) {
        this.recorder.appendContent(kind, payload, contents, this.#placed(place));
    }
    #placed(place) {
        return 'stepId' in place ? place : { ...place, stepId: this.steps.current?.id };
    }
}
/** The directory a suite's files are named from: its config's, else what Playwright takes for the root. */
export function rootOf(testInfo) {
    const { configFile, rootDir } = testInfo.config;
    return configFile ? dirname(configFile) : rootDir;
}
//# sourceMappingURL=session.js.map