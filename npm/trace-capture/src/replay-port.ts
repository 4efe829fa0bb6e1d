import type { BrowserContext, TestInfo } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';
import type { ApiAsked } from './network/api-hops.js';
import { ApiHop } from './network/api-hops.js';
import type { Settings } from './options/index.js';
import { role } from './placement.js';
import type { Step } from './playwright/steps.js';
import { guarded } from './problems.js';
import type { Session } from './session.js';
import type { Payload } from './values.js';
import { within } from './wait.js';

/** The variable that names the order of a replay; without it nothing of this file does anything. */
const ORDER = 'MOLAR_REPLAY_ORDER';
/** Longest a context waits for the replay to stand between it and the network. */
const CONTEXT_MS = 10_000;
/** Share of the end of a test that a replay may take to say how it went. */
const END_SHARE = 0.5;

/** A step of the test as a replay sees it. */
export interface ReplayStep {
  /** Its place in the test, such as `s7.1`. */
  readonly id: string;
  /** Its 1-based number, for a `test.step` of the test's own level. */
  readonly index?: number;
  readonly title: string;
  readonly category: string;
}

/** A request that the replay answers before anybody sends it, so that no recorder sees it: what is told of it makes its events. */
export type ReplayHop = Pick<ApiHop, 'answered' | 'failed'> & {
  /** It was led on to another request. */
  leadsTo(asked: ApiAsked): ReplayHop | undefined;
};

/** What a replay may do to the trace of the test it replays. */
export interface ReplaySession {
  readonly traceId: string;
  append(kind: string, payload: Readonly<Record<string, unknown>>): void;
  /** The test's own client asks a server, and the replay is going to answer. Recorders of other releases may lack it. */
  asks?(asked: ApiAsked): ReplayHop | undefined;
}

/** What stands between a replayed test and the world. It lives in the test's worker; another package brings it. */
export interface ReplayGuest {
  /** What `run.start` says about the replay. */
  readonly runStart: Payload;
  /** The seed with which the pages of the recorded test drew their random numbers. */
  readonly seed: string | undefined;
  /** Whether it asks nobody: the addresses of clones are then those of the record, where nothing of this replay is to be seen. */
  readonly isOnRecord: boolean;
  /** Playwright's client in this worker, before a test of it begins. */
  playwrightReady(playwright: unknown): void;
  testBegins(testInfo: TestInfo, session: ReplaySession): void;
  /** Awaited before the test gets the context. A rejection keeps the context from the test, since its requests would go anywhere. */
  contextOpens(context: BrowserContext): Promise<void>;
  /** Awaited after the recorder's own scripts are in the context: they keep the clock that the browser has. */
  contextReady(context: BrowserContext): Promise<void>;
  /** A body as its server gave it, where a replay put something before it. */
  asServed(body: Buffer): Buffer;
  /** Called before the first line of the step's body runs, so what it switches is switched by then. */
  stepBegins(step: ReplayStep): void;
  /** What the body of the step that has just begun waits for; a rejection takes its place. */
  bodyBegins?(): Promise<void> | undefined;
  stepEnds(step: ReplayStep): void;
  /** Awaited before the verdict is written. */
  testEnds(): Promise<void>;
}

interface GuestModule {
  readonly openGuest: (order: string) => ReplayGuest;
}

let loaded: ReplayGuest | undefined;

/**
 * Loads the guest of this worker where a replay was ordered. Throws when it cannot: a replay that nobody guards would
 * send the recorded test's requests to real servers, so its worker must not start.
 */
export function loadReplay(): void {
  const order = process.env[ORDER];
  if (order === undefined || order === '' || role() !== 'worker' || loaded) return;
  const { guest } = JSON.parse(readFileSync(order, 'utf8')) as { readonly guest?: unknown };
  if (typeof guest !== 'string') throw new Error(`the order of a replay, ${order}, does not name its \`guest\`: give the path of @molar/trace-replay-runner's dist/guest.cjs`);
  const { openGuest } = asBuilt(guest);
  if (typeof openGuest !== 'function') throw new Error(`${guest} is no guest of a replay: it exports no \`openGuest\``);
  loaded = openGuest(order);
}

/**
 * The exports of a built module. Not by `require`: Playwright compiles anew, in every worker, what a workspace or a link brings from outside of
 * `node_modules`, which took a second of each replay.
 */
function asBuilt(path: string): Partial<GuestModule> {
  const module = { exports: {} };
  const run = compileFunction(readFileSync(path, 'utf8'), ['exports', 'require', 'module', '__filename', '__dirname'], { filename: path });
  Reflect.apply(run, module.exports, [module.exports, createRequire(path), module, path, dirname(path)]);
  return module.exports;
}

/** The guest of this worker; nothing in a test run that replays nothing. */
export function replayGuest(): ReplayGuest | undefined {
  return loaded;
}

/** The settings of a replayed test: its random numbers come from the recorded seed. */
export function asRecorded(chosen: Settings): Settings {
  return loaded?.seed === undefined ? chosen : { ...chosen, rng_seed: loaded.seed };
}

/** Tells the guest about one test, from now to its end. */
export function followReplay(session: Session): void {
  const guest = loaded;
  if (!guest) return;
  guest.testBegins(session.testInfo, {
    traceId: session.recorder.traceId,
    append: (kind, payload) => session.append(kind, payload as Payload),
    ...(session.settings.network ? { asks: (asked) => hopOf(session, asked) } : {}),
  });
  session.onStep((when, step) => (when === 'start' ? guest.stepBegins(told(step)) : guest.stepEnds(told(step))));
  session.onClose(async (bound_ms) => await within(bound_ms * END_SHARE, guest.testEnds()));
}

function hopOf(session: Session, asked: ApiAsked, from?: ApiHop): ReplayHop | undefined {
  const hop = guarded('an answer of the replay', () => new ApiHop(session, asked, from));
  return hop && {
    answered: (answer) => guarded('an answer of the replay', () => hop.answered(answer)),
    failed: (error) => guarded('an answer of the replay', () => hop.failed(error)),
    leadsTo: (next) => hopOf(session, next, hop),
  };
}

/** Gives a new context to the guest; rejects when that fails or takes too long. */
export async function offerContext(context: BrowserContext): Promise<void> {
  if (!loaded) return;
  const done = await within(CONTEXT_MS, loaded.contextOpens(context).then(() => true));
  if (done !== true) throw new Error(`the replay did not get hold of a new context's network within ${CONTEXT_MS} ms, so the test does not get the context`);
}

function told({ id, title, category, parent }: Step): ReplayStep {
  const index = category === 'test.step' && !parent ? Number(id.slice(1)) : undefined;
  return { id, title, category, ...(index === undefined ? {} : { index }) };
}
