import type { Address } from './guest/hold.js';
import type { OpenOptions } from './options.js';
import type { HeldOutcome, ReplayOutcome, ReplayProgress } from './outcome.js';
import { Runner } from './runner.js';

/** A browser that stands where the test was when a step began. Whoever opens it closes it. */
export interface OpenedBrowser extends AsyncIterable<ReplayProgress>, AsyncDisposable {
  /**
   * Resolves when the browser stands at the step, with where to attach: `chromium.connectOverCDP(cdp)`. Rejects when it does not come
   * there, and when it has no address, since the test did not launch it itself.
   */
  readonly ready: Promise<Address>;
  /** The same address; nothing before `ready`. */
  readonly address: Address | undefined;
  /** `held` when a browser came to the step; else why none did. Rejects as that of a replay does. */
  readonly outcome: Promise<HeldOutcome | ReplayOutcome>;
  /** Closes the browser and all that was set up for it, and resolves when they are gone. A second call waits for the first. */
  close(): Promise<void>;
}

/** Brings a browser to a step of a recorded test, and keeps it there. */
export function open(options: OpenOptions): OpenedBrowser {
  let address: Address | undefined;
  let found: HeldOutcome | ReplayOutcome | undefined;
  let [stands, stays]: [(at: Address) => void, (why: Error) => void] = [() => undefined, () => undefined];
  const ready = new Promise<Address>((resolve, reject) => ([stands, stays] = [resolve, reject]));
  const command = options.headless === true ? ['open', '--headless'] : ['open'];
  const runner = new Runner({ command, options, endsBy: 'input' }, (line) => {
    if (line.kind === 'outcome') found = line.outcome;
    if (line.kind === 'outcome' || line.progress.state !== 'held') return;
    address = addressIn(line.progress.detail);
    if (address) stands(address);
    else stays(new Error(`the browser stands at step ${options.fromStep} without an address to attach to: ${line.progress.message ?? 'the test did not launch it itself'}`));
  });
  const outcome = runner.ended.then((how) => found ?? Promise.reject(new Error(how)));
  outcome.then((how) => stays(new Error(`no browser came to step ${options.fromStep}: ${inWords(how)}`)), stays);
  // Whoever waits for one of them need not wait for the other.
  ready.catch(() => undefined);
  const close = async (): Promise<void> => await runner.close();
  return {
    ready, outcome, close,
    get address() { return address; },
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => runner.told.all(),
  };
}

function addressIn(detail: unknown): Address | undefined {
  const { cdp, websocket } = (detail ?? {}) as Partial<Record<keyof Address, unknown>>;
  return typeof cdp === 'string' && typeof websocket === 'string' ? { cdp, websocket } : undefined;
}

function inWords(outcome: HeldOutcome | ReplayOutcome): string {
  const { state } = outcome;
  const code = 'code' in outcome ? ` ${outcome.code}` : '';
  return 'message' in outcome ? `${state}${code}: ${outcome.message}` : `${state}${code}`;
}
