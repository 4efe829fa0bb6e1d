import type { Page, TestInfo } from '@playwright/test';
import { dirname } from 'node:path';
import { PageIds, guidOf } from './identities.js';
import type { Settings } from './options/index.js';
import type { Sheddable } from './governor/index.js';
import type { Attempt } from './policy.js';
import { isKept } from './policy.js';
import { statusOf } from './verdict.js';
import { Actions } from './playwright/actions.js';
import { Expects } from './playwright/expects.js';
import type { Step } from './playwright/steps.js';
import { Steps } from './playwright/steps.js';
import { guarded } from './problems.js';
import type { Place, TraceRecorder } from './recorder.js';
import type { ContentField } from './native.js';
import type { Payload } from './values.js';
import { Pending } from './wait.js';

/** Told about the boundaries of steps, by the sources that record something there. */
export type StepListener = (when: 'start' | 'end', step: Step) => void;

/** Called when the test ends, while the trace can still be written to; each is bounded by the caller. */
export type Closer = (bound_ms: number) => Promise<void> | void;

/** The recording of one test attempt: what all sources share. */
export class Session {
  readonly testInfo: TestInfo;
  readonly settings: Settings;
  /** What the policy goes by, for a trace that stays only if the verdict wants it. */
  readonly held: Attempt | undefined;
  readonly recorder: TraceRecorder;
  readonly steps: Steps;
  readonly expects: Expects;
  readonly actions: Actions;
  readonly pages: PageIds = new PageIds();
  /** Work that writes into this trace when it is done, such as bodies being fetched. */
  readonly pending: Pending = new Pending();
  /** Which channels delivered something, for the self-check. */
  readonly seen: Set<string> = new Set();
  /** Whether steps are heard of through public interfaces, which tell less. */
  publicly = false;
  /** Sources that are left out for now, because recording took more than it may. */
  readonly shed: Set<Sheddable> = new Set();
  readonly #openPages = new Map<string, Page>();
  readonly #listeners: StepListener[] = [];
  readonly #closers: Closer[] = [];

  constructor(testInfo: TestInfo, settings: Settings, recorder: TraceRecorder, root: string, held?: Attempt) {
    this.testInfo = testInfo;
    this.held = held;
    this.settings = settings;
    this.recorder = recorder;
    this.steps = new Steps(recorder, root, (when, step) => {
      for (const listener of this.#listeners) guarded('a step boundary', () => listener(when, step));
    }, () => testInfo.errors.length);
    this.expects = new Expects(recorder, this.steps);
    this.actions = new Actions(recorder, this.steps, this.expects, () => this.onlyPage);
  }

  /** Why bodies are not recorded now; `undefined` when they are. */
  get noBodies(): string | undefined {
    if (!this.settings.bodies) return 'not asked for';
    return this.shed.has('bodies') ? 'left out to keep recording within its budget' : undefined;
  }

  /** Whether the verdict, which is known by now, leaves no use for this trace. */
  get isUnwanted(): boolean {
    return this.held !== undefined && !isKept(this.settings, this.held, statusOf(this.testInfo) !== 'passed');
  }

  onStep(listener: StepListener): void {
    this.#listeners.push(listener);
  }

  /** Closers run in the order they were added. */
  onClose(closer: Closer): void {
    this.#closers.push(closer);
  }

  get closers(): readonly Closer[] {
    return this.#closers;
  }

  /** The id of the page when exactly one is open. */
  get onlyPage(): string | undefined {
    const [first, second] = this.#openPages.keys();
    return second === undefined && first !== undefined ? this.pages.page(first) : undefined;
  }

  get openPages(): readonly Page[] {
    return [...this.#openPages.values()];
  }

  /** Registers a page once; whether it was new to this trace. */
  addPage(page: Page): boolean {
    const guid = guidOf(page);
    if (this.#openPages.has(guid)) return false;
    this.#openPages.set(guid, page);
    this.pages.page(guid);
    return true;
  }

  removePage(page: Page): void {
    this.#openPages.delete(guidOf(page));
  }

  /** Appends an event where the test is now, unless told otherwise. */
  append(kind: string, payload: Payload, place: Place = {}): void {
    this.recorder.append(kind, payload, this.#placed(place));
  }

  appendContent(kind: string, payload: Payload, contents: readonly ContentField[], place: Place = {}): void {
    this.recorder.appendContent(kind, payload, contents, this.#placed(place));
  }

  #placed(place: Place): Place {
    return 'stepId' in place ? place : { ...place, stepId: this.steps.current?.id };
  }
}

/** The directory a suite's files are named from: its config's, else what Playwright takes for the root. */
export function rootOf(testInfo: TestInfo): string {
  const { configFile, rootDir } = testInfo.config;
  return configFile ? dirname(configFile) : rootDir;
}
