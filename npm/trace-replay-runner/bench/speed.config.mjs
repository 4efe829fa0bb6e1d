import { appendFileSync } from 'node:fs';
import { Recorder } from '@molar/trace-node';
import apps from './apps/playwright.config.mjs';

const statesFile = process.env.SPEED_STATES;

// How long after the boundary of a step the state of its browser was there; the trace itself tells only of those that were late.
if (statesFile) {
  const append = Recorder.prototype.appendContent;
  Recorder.prototype.appendContent = function (kind, payload, contents, stepId, ts) {
    if (kind === 'browser.state' && ts !== undefined && payload.boundary !== 'close') appendFileSync(statesFile, `${this.now() - ts}\n`);
    return append.call(this, kind, payload, contents, stepId, ts);
  };
}

export default { ...apps, testMatch: ['apps/apps.spec.mjs', 'speed/long.spec.mjs'] };
