import type { Natives } from './natives.js';
import type { RrwebEvent } from './rrweb-types.js';
import { EventType } from './rrweb-types.js';
import type { BatchHeader, FlushReport, InjectedNotice, InjectedOptions, PartHeader, PartKind, Score } from './wire.js';
import { TAUGHT } from './wire.js';

type Detail = InjectedNotice['detail'];
type Binding = (text: string) => unknown;

interface Waiting {
  readonly generation: number;
  readonly event: RrwebEvent;
}

const NOTICES_PER_CODE = 5;
const URGENT_MS = 3_000;
const SHORTEST_SECRET = 6;
const MOST_SECRETS = 1_000;
/** A timer's flush writes this many events at a time and stops after so long, so that it never is a long task of the page. */
const SLICE_EVENTS = 200;
const SLICE_MS = 8;

function kindOf(event: RrwebEvent): PartKind {
  return event.type === EventType.meta || event.type === EventType.fullSnapshot ? 'snapshot' : 'mutation';
}

/** Removes a binding from the window and gives it, if it is there. */
export function take(name: string): Binding | undefined {
  if (name === '') return undefined;
  const found: unknown = Reflect.get(window, name);
  if (typeof found !== 'function') return undefined;
  Reflect.deleteProperty(window, name);
  return found as Binding;
}

/** Collects events and hands them to the binding as one string per batch. Never throws into the page. */
export class BatchQueue {
  readonly stream: string;
  readonly #natives: Natives;
  readonly #options: InjectedOptions;
  #binding: Binding | undefined;
  #waiting: Waiting[] = [];
  #notices: InjectedNotice[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hurried = false;
  #urgentUntil = 0;
  #batch = 0;
  #dropped = 0;
  #taught = 0;
  #overflowed = false;
  /** Called when the queue overflowed and the binding is there at last: the stream needs a snapshot again. */
  onRecovered: () => void = () => undefined;

  constructor(natives: Natives, options: InjectedOptions, stream: string) {
    this.#natives = natives;
    this.#options = options;
    this.stream = stream;
  }

  /**
   * Takes the binding off the window, so that the page finds no trace of it. A stream keeps the binding it found
   * first: two channels would not keep the order of its batches.
   */
  takeBinding(): boolean {
    const fast = take(this.#options.fast_binding);
    const plain = take(this.#options.binding);
    const isTop = window.parent === window;
    this.#binding ??= (isTop ? fast : undefined) ?? plain;
    return this.#binding !== undefined;
  }

  push(generation: number, event: RrwebEvent): void {
    if (this.#overflowed) {
      this.#dropped += 1;
      this.#arm();
      return;
    }
    this.#waiting.push({ generation, event });
    const isFull = this.#waiting.length > this.#options.queue_events;
    if (isFull && this.#binding === undefined) this.#overflow();
    if (isFull || this.#isUrgent()) this.flush();
    else if (this.#waiting.length >= this.#options.batch_events) this.#hurry();
    else this.#arm();
  }

  /** Adds a notice to the next batch. Of one code a few are kept whole, the rest is counted in the last of them. */
  notice(code: string, detail: Detail): void {
    const same = this.#notices.filter((notice) => notice.code === code);
    const last = same.at(-1);
    if (last === undefined || same.length < NOTICES_PER_CODE) this.#notices.push({ code, detail });
    else this.#notices[this.#notices.indexOf(last)] = { code, detail: { ...last.detail, more: Number(last.detail['more'] ?? 0) + 1 } };
    this.#arm();
  }

  /** Hands over what a secret field holds, at once: other channels are about to say it. Typing replaces what it continues. */
  teach(value: string): void {
    if (value.length < SHORTEST_SECRET || this.#taught >= MOST_SECRETS) return;
    this.#taught += 1;
    const last = this.#notices.findIndex(({ code, detail }) => code === TAUGHT && value.startsWith(String(detail['value'])));
    if (last >= 0) this.#notices.splice(last, 1);
    this.#notices.push({ code: TAUGHT, detail: { value } });
    if (this.#binding !== undefined) this.#sendOne(0);
    else this.#arm();
  }

  /** Says one thing at once and sets no timer, for realms in which timers are refused with a line in the console. */
  say(code: string, detail: Detail): void {
    this.#notices.push({ code, detail });
    if (this.#binding !== undefined) this.#sendOne();
  }

  /** From now on, for a few seconds, every event leaves at once: the document may be gone before a timer fires. */
  urge(): void {
    this.#urgentUntil = this.#natives.now() + URGENT_MS;
    this.flush();
  }

  flush(): FlushReport {
    this.#disarm();
    const sent = this.takeBinding() ? this.#drain() : 0;
    if (this.#waiting.length > 0 || this.#notices.length > 0) this.#arm();
    return { sent, pending: this.#waiting.length, dropped: this.#dropped, stream: this.stream, batch: this.#batch };
  }

  /** Sends what waits and, behind it, a score of the document that it leads to. */
  score(generation: number, score: Score): void {
    this.flush();
    if (this.#waiting.length > 0 || this.#overflowed) return;
    const now = this.#natives.now();
    const part: PartHeader = ['mutation', 0, now, now, score];
    const header: BatchHeader = [this.stream, generation, this.#batch + 1, [part], []];
    this.#hand(`${this.#natives.stringify(header)}\n[]`);
  }

  #drain(): number {
    let sent = 0;
    while (this.#waiting.length > 0 || this.#notices.length > 0) {
      const count = this.#sendOne();
      if (count === undefined) return sent;
      sent += count;
    }
    if (this.#overflowed) this.#recover();
    return sent;
  }

  /** Sends the events of the oldest generation as one batch; gives their number, or nothing if the binding refused. */
  #sendOne(most = Infinity): number | undefined {
    const generation = this.#waiting[0]?.generation ?? 0;
    const end = this.#waiting.findIndex((waiting) => waiting.generation !== generation);
    const events = this.#waiting.splice(0, Math.min(most, end < 0 ? this.#waiting.length : end));
    const notices = this.#notices.splice(0);
    if (this.#hand(this.#compose(generation, events, notices))) return events.length;
    this.#waiting.unshift(...events);
    this.#notices.unshift(...notices);
    return undefined;
  }

  /** Whether the binding took the text. That of a page that is closing throws: then it waits or is lost with the page. */
  #hand(text: string): boolean {
    try {
      this.#natives.ignoreRejection(this.#natives.undisturbed(() => this.#binding?.(text)));
      this.#batch += 1;
      return true;
    } catch {
      return false;
    }
  }

  #compose(generation: number, events: readonly Waiting[], notices: readonly InjectedNotice[]): string {
    const parts: PartHeader[] = [];
    const lines: string[] = [];
    let from = 0;
    for (let at = 1; at <= events.length; at += 1) {
      const first = events[from];
      const next = events[at];
      if (first === undefined || (next !== undefined && kindOf(next.event) === kindOf(first.event))) continue;
      const slice = events.slice(from, at).map((waiting) => waiting.event);
      parts.push([kindOf(first.event), slice.length, first.event.timestamp, slice.at(-1)?.timestamp ?? first.event.timestamp]);
      lines.push(this.#textOf(slice));
      from = at;
    }
    const header: BatchHeader = [this.stream, generation, this.#batch + 1, parts, notices];
    return [this.#natives.stringify(header), ...lines].join('\n');
  }

  #textOf(events: readonly RrwebEvent[]): string {
    try {
      return this.#natives.stringify(events);
    } catch {
      // One event that cannot be written must not cost its neighbours: each is tried alone, a placeholder stays.
      return `[${events.map((event) => this.#textOfOne(event)).join(',')}]`;
    }
  }

  #textOfOne(event: RrwebEvent): string {
    try {
      return this.#natives.stringify(event);
    } catch (cause) {
      const payload = { type: event.type, reason: String(cause) };
      return this.#natives.stringify({ type: EventType.custom, data: { tag: 'molar.lost', payload }, timestamp: event.timestamp });
    }
  }

  #overflow(): void {
    this.#overflowed = true;
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  #recover(): void {
    this.#overflowed = false;
    this.notice('dom.queue.overflow', { dropped: this.#dropped });
    this.onRecovered();
  }

  #isUrgent(): boolean {
    return this.#urgentUntil > 0 && this.#natives.now() < this.#urgentUntil;
  }

  #arm(): void {
    this.#timer ??= this.#natives.setTimeout(() => this.#flushSlice(), this.#options.flush_ms);
  }

  /** So much waits that it should leave at once, yet not within the page's own task. */
  #hurry(): void {
    if (this.#hurried) return;
    this.#disarm();
    this.#hurried = true;
    this.#timer = this.#natives.setTimeout(() => this.#flushSlice(), 0);
  }

  #flushSlice(): void {
    this.#disarm();
    const until = this.#natives.now() + SLICE_MS;
    const hasBinding = this.takeBinding();
    while (hasBinding && this.#waiting.length > 0 && this.#natives.now() < until) {
      if (this.#sendOne(SLICE_EVENTS) === undefined) return this.#arm();
    }
    if (hasBinding && this.#waiting.length > 0) this.#hurry();
    else this.flush();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#natives.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hurried = false;
  }
}
