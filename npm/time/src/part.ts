import type { Part } from './adapters.js';
import { clockAt } from './clock.js';
import { installOnce } from './context.js';
import { patchDate } from './patches/date.js';
import { patchIntl } from './patches/intl.js';
import { patchPerformance } from './patches/performance.js';

/** The clock of a replayed request. */
export const timePart: Part = {
  name: 'time',
  install: () => installOnce('time', () => [patchDate, patchIntl, patchPerformance].forEach((patch) => patch())),
  join: (context, response) => {
    if (context.clock) return;
    context.clock = clockAt(context.header.t, context.header.mode);
    // Chromium takes a cookie's `Expires` relative to the answer's `Date`: with the real one here, a cookie that the
    // request's clock lets live for an hour would be long dead.
    if (response?.sendDate && !response.headersSent) response.setHeader('date', new Date(context.clock.now()).toUTCString());
  },
};
