import { problems } from '../problems.js';
/** A page that keeps changing is looked at five times a second: more frames cost the test its processor and show little more. */
const PACE_MS = 200;
/** How long after an acknowledgement a changing page would have sent its next frame. */
const SETTLE_MS = 120;
/** Shortest time between two frames that are asked for because a step begins or ends. */
const HURRY_MS = 150;
const START = { format: 'jpeg', quality: 70, maxWidth: 1_280, maxHeight: 1_280, everyNthFrame: 1, maxFramesInFlight: 1 };
/**
 * Keeps the newest painted frame of one page. The test never waits for a picture.
 *
 * Chromium throws away what is painted while a frame is not acknowledged, and says nothing: after a burst of changes the
 * last frame it sent shows a state from the middle (measured: in 2 of 5 bursts even when acknowledged at once, in 5 of 5
 * at our pace). Starting the screencast again sends the page as it is, so that is done once after every burst.
 */
export class ScreencastSource {
    #cdp;
    #current;
    #listeners = new Set();
    #number = 0;
    #running = false;
    #refreshing = false;
    #refreshedAtMs = 0;
    #timer;
    latest;
    constructor(cdp, current) {
        this.#cdp = cdp;
        this.#current = current;
    }
    enable() {
        const wanted = this.#current()?.settings;
        if (wanted && !wanted.screenshots && !wanted.video)
            return;
        this.#running = true;
        this.#tell('Page.enable');
        this.#tell('Page.startScreencast', START);
    }
    /** Listens until the returned function is called. */
    listen(listener) {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }
    /** Asks for the page as it is now, without waiting; several steps in quick succession share a frame. */
    hurry() {
        if (Date.now() - this.#refreshedAtMs >= HURRY_MS)
            this.#refresh();
    }
    event(method, params) {
        if (method === 'Page.javascriptDialogOpening')
            return this.#dialog(params);
        if (method !== 'Page.screencastFrame')
            return;
        const { data, sessionId, metadata } = params;
        this.#pace(sessionId);
        this.#number += 1;
        const size = { width: Math.round(metadata?.deviceWidth ?? 0), height: Math.round(metadata?.deviceHeight ?? 0) };
        const frame = { data: Buffer.from(data, 'base64'), ...size, atMs: (metadata?.timestamp ?? Date.now() / 1000) * 1000, number: this.#number };
        this.latest = frame;
        for (const listener of this.#listeners)
            listener(frame);
    }
    /** A real capture, for the moment a test failed; the page may be too busy to give one. */
    async capture() {
        const answer = (await this.#cdp.send('Page.captureScreenshot', { format: 'png' }));
        return answer.data === undefined ? undefined : Buffer.from(answer.data, 'base64');
    }
    /** A frame that was asked for is acknowledged at once, since nothing may follow it; any other when its time is over. */
    #pace(sessionId) {
        const asked = this.#refreshing;
        this.#refreshing = false;
        this.#after(asked ? 0 : PACE_MS, () => {
            this.#tell('Page.screencastFrameAck', { sessionId });
            if (!asked)
                this.#after(SETTLE_MS, () => this.#refresh());
        });
    }
    #refresh() {
        if (!this.#running || this.#refreshing)
            return;
        this.#refreshing = true;
        this.#refreshedAtMs = Date.now();
        clearTimeout(this.#timer);
        this.#tell('Page.stopScreencast');
        this.#tell('Page.startScreencast', START);
    }
    #after(ms, act) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(act, ms).unref();
    }
    /** Listening through Playwright would keep it from dismissing dialogs, so they are seen here. */
    #dialog({ type, message, url }) {
        this.#current()?.append('scenario.event', { name: 'dialog', data: { type: type ?? '', message: message ?? '', url: url ?? '' } });
    }
    #tell(method, params) {
        this.#cdp.send(method, params).catch((cause) => {
            // A page that closed in between needs no answer.
            if (process.env['MOLAR_TRACE_DEBUG'] === '1')
                problems.add(method, cause);
        });
    }
}
//# sourceMappingURL=screencast.js.map