import { checked } from './check.js';
import { fromEnvironment } from './environment.js';
import { fromAnnotations, fromFrontMatter } from './front-matter.js';
import { DEFAULTS, TABLE } from './table.js';
import type { Settings, TraceCaptureOptions } from './types.js';

/** What a test brings along besides what holds for the whole run. */
export interface TestSources {
  /** `use.molarTrace` of the project, the file or the describe block. */
  readonly use?: unknown;
  /** The spec file, for its front matter. */
  readonly file?: string;
  /** The annotations the test was declared with. */
  readonly annotations?: readonly { readonly type: string; readonly description?: string }[];
}

let configured: TraceCaptureOptions = {};

/** Sets options for every test of this suite. Call it in the config file; later calls add to earlier ones. */
export function configure(options: TraceCaptureOptions): void {
  configured = { ...configured, ...checked({ where: 'configure' }, options) };
}

/**
 * What is in force. The nearer to the test, the stronger: defaults, `configure`, `use.molarTrace`, the file's front matter,
 * the test's annotations. The environment is over all of them, since it is what one reaches for to change a single run.
 */
export function settings({ use, file, annotations = [] }: TestSources = {}): Settings {
  return {
    ...DEFAULTS,
    ...configured,
    ...checked({ where: 'use.molarTrace' }, use),
    ...(file === undefined ? {} : fromFrontMatter(file)),
    ...fromAnnotations(annotations),
    ...fromEnvironment(process.env),
  };
}

/** The options as `run.start` tells them: no secret, no redaction rules, no path of this machine. */
export function publicSettings(all: Settings): Record<string, unknown> {
  const told = Object.entries(all).filter(([name]) => TABLE[name as keyof TraceCaptureOptions].hidden !== true);
  return { ...Object.fromEntries(told), clones: all.clones.map(({ token: _token, ...clone }) => clone) };
}
