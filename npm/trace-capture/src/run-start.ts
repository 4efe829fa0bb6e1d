import type { TestInfo } from '@playwright/test';
import { createRequire } from 'node:module';
import { clonePlaces } from './clones/discover.js';
import type { Settings } from './options/index.js';
import { publicSettings } from './options/index.js';
import { placeInRun } from './parameters.js';
import { replayGuest } from './replay-port.js';
import { machine, runInfo } from './run-info.js';
import { relativeFile, slugOf } from './text.js';
import { describe } from './values.js';

/** Version of this package, as `run.start` names its recorder. */
export const VERSION = '0.1.0';

/** Everything the trace says about its test before it begins. */
export function runStart(testInfo: TestInfo, settings: Settings, root: string, seeds: Readonly<Record<string, string>>): Record<string, unknown> {
  const { id, source, code_sha, branch } = runInfo(settings, root);
  const file = relativeFile(root, testInfo.file);
  const titles = testInfo.titlePath.slice(1);
  return {
    project: testInfo.project.name,
    scenario: {
      slug: slugOf([file.replace(/\.(spec|test)\.[cm]?[jt]sx?$/, ''), ...titles]),
      title: testInfo.title,
      file,
      line: testInfo.line,
      title_path: titles,
    },
    run: { id },
    retry: testInfo.retry,
    repeat_each: testInfo.repeatEachIndex,
    worker: { index: testInfo.workerIndex, parallel_index: testInfo.parallelIndex, pid: process.pid },
    source,
    ...(code_sha ? { code_sha } : {}),
    ...(branch ? { branch } : {}),
    seeds,
    environment: environment(testInfo, settings),
    capture: publicSettings(settings),
    recorder: { name: '@molar/trace-capture', version: VERSION },
    test_id: testInfo.testId,
    timeout_ms: testInfo.timeout,
    tags: testInfo.tags,
    ...replayGuest()?.runStart,
    annotations: testInfo.annotations.map(({ type, description }) => ({ type, ...(description ? { description } : {}) })),
  };
}

function environment(testInfo: TestInfo, settings: Settings): Record<string, unknown> {
  const { use } = testInfo.project;
  const clones = clonePlaces(settings.clones, process.env);
  const picked = ['browserName', 'channel', 'headless', 'viewport', 'locale', 'timezoneId', 'userAgent', 'baseURL', 'deviceScaleFactor', 'isMobile', 'colorScheme'] as const;
  const options = picked.filter((name) => use[name] !== undefined).map((name) => [name, describe(use[name])]);
  return { ...machine(), playwright: playwrightVersion(), browser: use.browserName ?? use.defaultBrowserType ?? 'chromium', use: Object.fromEntries(options) as Record<string, unknown>, ...(Object.keys(clones).length > 0 ? { clones } : {}), ...placeInRun(testInfo) };
}

let version: string | undefined;

function playwrightVersion(): string {
  version ??= (createRequire(import.meta.url)('@playwright/test/package.json') as { version: string }).version;
  return version;
}
