/**
 * For the application under test and other processes: adds events to the trace of the test that is running.
 * Without the recorder, so in production, every call does nothing. It imports nothing and is safe to load anywhere.
 */

const VARIABLE = 'MOLAR_TRACE_EVENTS_URL';
/** Nothing else than an endpoint, since a server may have the address from a header that anybody can send. */
const ADDRESS = /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/;
const FLUSH_MS = 20;
const SEND_MS = 2_000;
const MAX_QUEUE = 1_000;
const MAX_LINE = 1024 * 1024;
/** A request stays below what the endpoint takes. */
const MAX_BATCH = 2 * 1024 * 1024;

/** Where an event goes. */
export interface AppendOptions {
  /** The endpoint; by default the one in `MOLAR_TRACE_EVENTS_URL`. A server that was started before the tests gets it in the header `x-molar-trace`. */
  readonly url?: string | undefined;
}

interface Queue {
  lines: string[];
  dropped: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  sending: Promise<void>;
}

const queues = new Map<string, Queue>();

/** Adds an event, such as `appendEvent('x.cache', { hit: false })`. Never throws and never waits; whether it was taken. */
export function appendEvent(kind: string, payload: Readonly<Record<string, unknown>> = {}, options: AppendOptions = {}): boolean {
  const url = options.url ?? process.env[VARIABLE];
  if (url === undefined || !ADDRESS.test(url)) return false;
  const queue = queues.get(url) ?? { lines: [], dropped: 0, timer: undefined, sending: Promise.resolve() };
  queues.set(url, queue);
  const line = lineOf(kind, payload);
  if (line === undefined || queue.lines.length >= MAX_QUEUE) queue.dropped += 1;
  else queue.lines.push(line);
  queue.timer ??= setTimeout(() => send(url, queue), FLUSH_MS);
  return line !== undefined;
}

/** Waits until everything appended so far has been sent or given up; a few seconds at most. */
export async function flushEvents(): Promise<void> {
  for (const [url, queue] of queues) send(url, queue);
  await Promise.all([...queues.values()].map(async ({ sending }) => await sending));
}

function lineOf(kind: string, payload: Readonly<Record<string, unknown>>): string | undefined {
  try {
    const line = JSON.stringify({ wall_ms: Date.now(), ...payload, kind });
    return line.length > MAX_LINE ? undefined : line;
  } catch {
    // A cycle or a bigint: counted as dropped, which the trace then says.
    return undefined;
  }
}

function send(url: string, queue: Queue): void {
  clearTimeout(queue.timer);
  queue.timer = undefined;
  const lines = queue.lines.splice(0);
  for (const body of lines.length === 0 && queue.dropped > 0 ? [''] : batches(lines)) {
    const query = queue.dropped > 0 ? `?dropped=${queue.dropped}` : '';
    queue.dropped = 0;
    queue.sending = queue.sending.then(async () => await post(`${url}${query}`, body));
  }
}

function batches(lines: readonly string[]): string[] {
  const all: string[] = [];
  for (const line of lines) {
    const last = all.at(-1);
    if (last !== undefined && last.length + line.length < MAX_BATCH) all[all.length - 1] = `${last}\n${line}`;
    else all.push(line);
  }
  return all;
}

async function post(url: string, body: string): Promise<void> {
  try {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body, signal: AbortSignal.timeout(SEND_MS) });
    await answer.arrayBuffer();
  } catch {
    // The worker is gone, and with it the trace these events belonged to. The application must not notice.
  }
}
