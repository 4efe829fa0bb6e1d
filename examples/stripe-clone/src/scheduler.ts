import { renew } from './billing.js';
import type { CloneConfig } from './config.js';
import { clockAt, nowMs } from './clock.js';
import { isObject } from './canonical-json.js';
import { problem } from './http/problem.js';
import { log } from './state/log.js';
import type { Run, Runs } from './state/runs.js';
import type { Job, World } from './state/world.js';
import { put, schedule } from './state/world.js';
import { deliver, type Reception } from './webhooks.js';

/** Waiting times after the 1st, 2nd, … failed attempt, in virtual milliseconds; then the event is given up. */
const RETRY_AFTER_MS = [1000, 5000, 30_000, 300_000, 3_600_000];
const DRAIN_MS = 5000;
// Node fires a longer timeout at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type WebhookJob = Extract<Job, { kind: 'webhook' }>;
interface Lane { busy: Promise<void> | undefined; timer: NodeJS.Timeout | undefined; holds: number }

/** Carries out the jobs of each run in (due time, creation) order, one at a time. */
export class Scheduler {
  readonly #lanes = new WeakMap<Run, Lane>();
  readonly #runs: Runs;
  readonly #config: CloneConfig;
  #stopped = false;

  constructor(runs: Runs, config: CloneConfig) {
    this.#runs = runs;
    this.#config = config;
  }

  /** Looks at the queue again; called after everything that may have changed queue or clock. */
  wake(run: Run): void {
    const lane = this.#lane(run);
    clearTimeout(lane.timer);
    if (lane.busy || lane.holds > 0 || this.#stopped || !this.#runs.isAlive(run) || run.world.clock.mode !== 'running') return;
    const job = earliest(run.world);
    if (!job) return;
    const wait_ms = job.due_ms - nowMs(run.world.clock, this.#runs.wall);
    if (wait_ms > 0) {
      lane.timer = setTimeout(() => this.wake(run), Math.min(wait_ms, LONGEST_TIMER_MS)).unref();
      return;
    }
    lane.busy = this.#carryOut(run.world, job).finally(() => {
      lane.busy = undefined;
      this.wake(run);
    });
  }

  /** Deliveries under way. */
  inFlight(run: Run): number {
    return this.#lane(run).busy ? 1 : 0;
  }

  /**
   * Does something while no delivery of the run is under way. A delivery that does not end in time makes it fail with
   * `busy`: a snapshot that held a half-delivered webhook would send it twice.
   */
  async quietly<T>(run: Run, deed: () => Promise<T> | T): Promise<T> {
    const lane = this.#lane(run);
    lane.holds += 1;
    try {
      if (lane.busy && !(await endsWithin(lane.busy, DRAIN_MS))) throw problem('busy', `a webhook of run \`${run.id}\` is still being delivered`);
      return await deed();
    } finally {
      lane.holds -= 1;
      this.wake(run);
    }
  }

  /** Moves the clock to `to_ms` and carries out what falls due on the way, each job seeing its own due time as now. */
  async advance(run: Run, to_ms: number): Promise<number> {
    return this.quietly(run, async () => {
      const { mode } = run.world.clock;
      const world = run.world;
      release(world);
      let fired = 0;
      let at_ms = nowMs(world.clock, this.#runs.wall);
      for (let job = earliest(world); job && job.due_ms <= to_ms; job = earliest(world)) {
        // An overdue job sees the present, a future one its own due time; the clock never steps back on the way.
        at_ms = Math.max(at_ms, job.due_ms);
        world.clock = { mode: 'paused', at_ms };
        await this.#carryOut(world, job);
        fired += 1;
      }
      run.setClock(clockAt(mode, to_ms, this.#runs.wall));
      return fired;
    });
  }

  /** Ends all timers; a delivery under way may finish, nothing begins any more. */
  stop(): void {
    this.#stopped = true;
    for (const run of this.#runs.all()) clearTimeout(this.#lane(run).timer);
  }

  async #carryOut(world: World, job: Job): Promise<void> {
    if (job.kind === 'webhook') await this.#deliver(world, job);
    world.jobs = world.jobs.filter((queued) => queued.id !== job.id);
    world.rev += 1;
    if (job.kind === 'renewal') renew(world, nowMs(world.clock, this.#runs.wall), job.subscription);
  }

  async #deliver(world: World, job: WebhookJob): Promise<void> {
    const event = world.collections.events.get(job.event);
    const endpoint = world.collections.webhook_endpoints.get(job.endpoint);
    const routing = world.routing.get(job.endpoint);
    const muted = routing !== undefined && 'disabled' in routing;
    if (!event || !endpoint || endpoint['status'] !== 'enabled' || muted) return;
    const url = routing ? routing.url : String(endpoint['url']);
    // Receivers compare the signature's time with their own clock and refuse old ones. The virtual clock may be far
    // behind theirs after a restore and far ahead after an advance; the later of both is never too old for either.
    const signed_ms = Math.max(this.#runs.wall(), nowMs(world.clock, this.#runs.wall));
    const reception = await deliver(url, event, String(endpoint['secret']), Math.floor(signed_ms / 1000), this.#config.webhookTimeoutMs);
    this.#record(world, job, url, reception);
  }

  #record(world: World, job: WebhookJob, url: string, reception: Reception): void {
    const at_ms = nowMs(world.clock, this.#runs.wall);
    const ok = reception.status !== null && reception.status >= 200 && reception.status < 300;
    const pause_ms = ok ? undefined : RETRY_AFTER_MS[job.attempt - 1];
    const event = world.collections.events.get(job.event) ?? {};
    world.delivered_seq += 1;
    const id = `whd_${world.delivered_seq}`;
    put(world, 'webhook_deliveries', {
      id, object: 'webhook_delivery', created: Math.floor(at_ms / 1000), event: job.event, event_type: event['type'] ?? null,
      endpoint: job.endpoint, url, attempt: job.attempt, ok, status: reception.status, response_body: reception.body,
      error: reception.error, next_attempt_ms: pause_ms === undefined ? null : at_ms + pause_ms,
    });
    log(world, at_ms, {
      type: 'webhook.delivery', delivery: id, event: job.event, event_type: String(event['type']), url, attempt: job.attempt, status: reception.status,
    });
    if (ok && isObject(event)) put(world, 'events', { ...event, pending_webhooks: Math.max(0, Number(event['pending_webhooks']) - 1) });
    if (pause_ms !== undefined) {
      schedule(world, { kind: 'webhook', due_ms: at_ms + pause_ms, event: job.event, endpoint: job.endpoint, attempt: job.attempt + 1 });
    }
  }

  #lane(run: Run): Lane {
    let lane = this.#lanes.get(run);
    if (!lane) {
      lane = { busy: undefined, timer: undefined, holds: 0 };
      this.#lanes.set(run, lane);
    }
    return lane;
  }
}

/** Holds every job that is due before `to_ms`, so that a clock moved with `fire: none` fires nothing. */
export function hold(world: World, to_ms: number): void {
  for (const job of world.jobs) if (job.due_ms <= to_ms) job.held = true;
}

/** Lets held jobs go. */
export function release(world: World): void {
  for (const job of world.jobs) job.held = false;
}

function earliest(world: World): Job | undefined {
  const free = world.jobs.filter((job) => !job.held);
  return free.reduce<Job | undefined>((best, job) => (!best || job.due_ms < best.due_ms || (job.due_ms === best.due_ms && job.id < best.id) ? job : best), undefined);
}

async function endsWithin(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
