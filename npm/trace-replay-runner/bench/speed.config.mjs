import '@molar/trace-capture/register';
import { appendFileSync, existsSync } from 'node:fs';
import { Recorder } from '@molar/trace-node';
import { defineConfig } from '@playwright/test';

const executablePath = process.env.MOLAR_CHROMIUM ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
const statesFile = process.env.SPEED_STATES;

// How long after the boundary of a step the state of its browser was there; the trace itself tells only of those that were late.
if (statesFile) {
  const append = Recorder.prototype.appendContent;
  Recorder.prototype.appendContent = function (kind, payload, contents, stepId, ts) {
    if (kind === 'browser.state' && ts !== undefined && payload.boundary !== 'close') appendFileSync(statesFile, `${this.now() - ts}\n`);
    return append.call(this, kind, payload, contents, stepId, ts);
  };
}

export default defineConfig({
  testDir: '.',
  testMatch: ['apps/apps.spec.mjs', 'speed/long.spec.mjs'],
  workers: 1,
  reporter: 'line',
  timeout: 30_000,
  use: {
    baseURL: process.env.APPS_URL,
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] },
  },
});
