/**
 * The parts of Playwright's insides this package touches, as far as it touches them. Everything is optional: a release
 * that renames one of them costs the events that came from it and a loud line, never a test (see `self-check.ts`).
 */

/** A place in a source file as Playwright reports it. */
export interface RawLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An error as it travels from the worker to the reporters. */
export interface RawError {
  readonly message?: string;
  readonly stack?: string;
  readonly value?: string;
  readonly name?: string;
}

/** A step begins: the test's own, a hook, a fixture, an API call or an expect. */
export interface StepBegin {
  readonly stepId: string;
  readonly parentStepId?: string;
  readonly title: string;
  readonly subtitle?: string;
  readonly category: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly wallTime: number;
  readonly location?: RawLocation;
}

/** A step ends. */
export interface StepEnd {
  readonly stepId: string;
  readonly wallTime: number;
  readonly error?: RawError;
  readonly annotations?: readonly { readonly type: string }[];
}

/** Something attached to the test. */
export interface Attached {
  readonly name: string;
  readonly contentType: string;
  readonly path?: string;
  readonly body?: string;
  readonly stepId?: string;
}

/** What an expect hands over when it is done. */
export interface StepResult {
  readonly error?: unknown;
  readonly softError?: unknown;
  readonly pass?: boolean;
  readonly name?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly received?: unknown;
}

type RunBody = (skip: boolean, body: unknown, location: unknown) => Promise<unknown>;

/** A step as the worker keeps it. */
export interface RawStep {
  readonly stepId: string;
  readonly title: string;
  readonly category: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly stack?: readonly RawLocation[];
  /** Up to 1.63, where there is no stack. */
  readonly location?: RawLocation;
  readonly endWallTime?: number;
  readonly group?: string;
  readonly steps?: readonly RawStep[];
  readonly info?: { _runStepBody?: RunBody; readonly _parentStep?: { readonly _stepId?: string } };
  complete?: (result: StepResult) => void;
}

/** The callbacks through which the worker tells the runner about a test. */
export interface Callbacks {
  onStepBegin?: (payload: StepBegin) => void;
  onStepEnd?: (payload: StepEnd) => void;
  onAttach?: (payload: Attached) => void;
}

/** The insides of `testInfo`. */
export interface RawTestInfo {
  _callbacks?: Callbacks;
  readonly _stepMap?: ReadonlyMap<string, RawStep>;
  readonly _steps?: readonly RawStep[];
  readonly _onDidFinishTestFunctionCallbacks?: Set<() => Promise<void>>;
  readonly _tracing?: { stopIfNeeded?: () => Promise<void>; traceOptions?: () => unknown; tracesDir?: () => string };
}

/** One API call as the client's instrumentation describes it. */
export interface ApiCall {
  readonly apiName?: string;
  readonly title?: string;
  readonly frames?: readonly RawLocation[];
  readonly callId?: string;
  /** The same up to 1.63. */
  readonly stepId?: string;
  readonly error?: unknown;
}

/** The id of the runner's step that a call is. */
export function stepIdOf({ callId, stepId }: ApiCall): string | undefined {
  return callId ?? stepId;
}

const LOCATOR = / ((?:locator|getBy\w+|frameLocator|contentFrame)\(.*)$/;

/** What a step acts on: since 1.64 among its parameters, before that the end of its title. */
export function locatorOf(title: string, params: Readonly<Record<string, unknown>> | undefined): unknown {
  return params?.['locator'] ?? LOCATOR.exec(title)?.[1];
}

/** The channel message behind an API call. */
export interface ChannelCall {
  readonly type: string;
  readonly method: string;
  readonly params?: unknown;
}

/** What can be listened to in Playwright's client. Names beginning with `run` are awaited. */
export interface InstrumentationListener {
  onApiCallBegin?: (call: ApiCall, channel: ChannelCall) => void;
  onApiCallEnd?: (call: ApiCall) => void;
  runBeforeCreateBrowserContext?: (options: Record<string, unknown>) => Promise<void>;
  runAfterCreateBrowserContext?: (context: unknown) => Promise<void>;
  runBeforeCloseBrowserContext?: (context: unknown) => Promise<void>;
  runBeforeCreateRequestContext?: (options: Record<string, unknown>) => Promise<void>;
  runAfterCreateRequestContext?: (context: unknown) => Promise<void>;
  runBeforeCloseRequestContext?: (context: unknown) => Promise<void>;
}

/** Registers with the client of this process; whether it could. */
export function listen(playwright: unknown, listener: InstrumentationListener): boolean {
  const instrumentation = property(playwright, '_instrumentation');
  const add = property(instrumentation, 'addListener');
  if (typeof add !== 'function') return false;
  Reflect.apply(add, instrumentation, [listener]);
  return true;
}

/** A property of anything, `undefined` where there is none. */
export function property(owner: unknown, name: string): unknown {
  return (typeof owner === 'object' && owner !== null) || typeof owner === 'function' ? Reflect.get(owner, name) : undefined;
}

/** The server-side object behind a client object, when both live in this process. */
export function implementationOf(owner: unknown): unknown {
  const connection = property(owner, '_connection');
  const toImpl = property(connection, 'toImpl');
  return typeof toImpl === 'function' ? Reflect.apply(toImpl, connection, [owner]) : undefined;
}
