import type { Step } from '../playwright/steps.js';
import type { Session } from '../session.js';
import type { Payload } from '../values.js';
import { offered } from './kinds.js';

/** Events a second that other processes may add to a trace, and how many at once. */
const PER_SECOND = 1_000;
const BURST = 2_000;

/** What became of the lines of one request. */
export interface Verdict {
  accepted: number;
  refused: number;
  /** Events of an earlier test, whose trace is closed. */
  late: number;
  /** Events beyond the rate. */
  dropped: number;
  /** The first fault, for whoever is looking for theirs. */
  fault?: string;
}

/** Takes the events that other processes send while one test runs. */
export class Intake {
  readonly #session: Session;
  readonly #startedMs: number;
  readonly #total = { refused: 0, late: 0, dropped: 0 };
  #tokens = BURST;
  #filledMs: number;

  /** `late` are events that came since the last test had ended. */
  constructor(session: Session, late: number, nowMs: number) {
    this.#session = session;
    this.#startedMs = nowMs;
    this.#filledMs = nowMs;
    this.#total.late = late;
    session.onClose(() => this.#tell());
  }

  /** Takes NDJSON text. A line that is wrong costs only itself. */
  take(text: string, droppedBefore: number, nowMs: number): Verdict {
    const verdict: Verdict = { accepted: 0, refused: 0, late: 0, dropped: 0 };
    for (const line of text.split('\n')) if (line.trim() !== '') this.#line(line, nowMs, verdict);
    this.#total.refused += verdict.refused;
    this.#total.late += verdict.late;
    this.#total.dropped += verdict.dropped + droppedBefore;
    return verdict;
  }

  #line(line: string, nowMs: number, verdict: Verdict): void {
    if (!this.#allowed(nowMs)) {
      verdict.dropped += 1;
      return;
    }
    const { kind, ...payload } = parsed(line);
    const offer = offered(kind, payload);
    if ('fault' in offer) {
      verdict.refused += 1;
      verdict.fault ??= offer.fault;
      return;
    }
    const wallMs = offer.payload['wall_ms'];
    const at = typeof wallMs === 'number' && wallMs < nowMs ? wallMs : nowMs;
    if (at < this.#startedMs) {
      verdict.late += 1;
      return;
    }
    this.#append(String(kind), offer.payload, at);
    verdict.accepted += 1;
  }

  /** Events keep the time at which their process saw them; their step is the one that was open then. */
  #append(kind: string, payload: Payload, at: number): void {
    const { recorder, steps } = this.#session;
    const ts = recorder.tsOf(at);
    let step: Step | undefined = steps.current;
    while (step && step.startTs > ts) step = step.parent;
    recorder.append(kind, { source: 'endpoint', ...payload }, { stepId: step?.id, ts });
  }

  #allowed(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledMs) * PER_SECOND) / 1_000);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #tell(): void {
    const { refused, late, dropped } = this.#total;
    const tell = (code: string, message: string, count: number): void => {
      if (count > 0) this.#session.recorder.notice(code, message, { source: 'endpoint', count });
    };
    tell('events.refused', 'events sent by other processes were not ones a trace takes', refused);
    tell('events.late', 'events sent by other processes belonged to a test that had ended', late);
    tell('events.dropped', 'other processes sent more events than a trace takes', dropped);
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Not JSON: an event without a kind, which is refused and counted.
    return {};
  }
}
