import { native } from './native';
import type { EventsOptions } from './native';

/** A recorded trace, read back from its directory or its `trace.ndjson.zst`, finished or cut short. */
export class TraceReader {
  readonly #native: InstanceType<typeof native.NativeTraceReader>;

  private constructor(path: string) {
    this.#native = new native.NativeTraceReader(path);
  }

  /**
   * Reads the trace at `path`.
   *
   * @throws an `Error` with a `code` when there is no trace, or its format is of a newer version.
   */
  static open(path: string): TraceReader {
    return new TraceReader(path);
  }

  /** The list row, counts and failure of the trace. */
  summary(): object {
    return parsed(this.#native.summary());
  }

  /** The steps in order of start; `parent_id` makes them a tree. */
  steps(): object[] {
    return parsedList(this.#native.steps());
  }

  /** Events in order of seq; payload fields stand beside the envelope, as on the wire. */
  events(options: EventsOptions = {}): object[] {
    return parsedList(this.#native.events(options));
  }

  /** What was wrong with the record itself: broken lines, gaps, missing frames. */
  diagnostics(): object[] {
    return parsedList(this.#native.diagnostics());
  }
}

function parsed(text: string): object {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? value : {};
}

function parsedList(text: string): object[] {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value : [];
}
