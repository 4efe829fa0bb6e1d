import { sha256 } from '../canonical-json.js';
import type { CloneConfig } from '../config.js';
import type { ClockState, WallClock } from '../clock.js';
import { problem } from '../http/problem.js';
import type { World } from './world.js';
import { emptyWorld } from './world.js';

const RUN_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** The run of a caller that names none. */
export const DEFAULT_RUN = 'default';

/** What may be told of a seed, which itself is the key to every secret of its world. */
export function seedDigestOf(seed: string): string {
  return sha256(`molar-seed|${seed}`);
}

/** One run: its world, how often that was replaced, and what goes on right now. */
export class Run {
  readonly id: string;
  world: World;
  epoch = 0;
  /** Digest of the seed the world began with; unknown after a restore. */
  seedDigest: string | undefined;
  lastUsedMs: number;
  vendorInFlight = 0;
  /** True between a restore and the first request after it, while the clock may still be set backwards. */
  justRestored = false;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(id: string, world: World, lastUsedMs: number) {
    this.id = id;
    this.world = world;
    this.lastUsedMs = lastUsedMs;
  }

  /** Runs admin POSTs of this run one after the other. */
  exclusively<T>(deed: () => Promise<T> | T): Promise<T> {
    const turn = this.#tail.then(deed);
    // The queue goes on after a failure; the caller of this very deed still sees it.
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Replaces the world at one instant: later requests see the new one, those in flight keep the old. */
  swap(world: World, seedDigest?: string): void {
    this.world = world;
    this.seedDigest = seedDigest;
    this.epoch += 1;
    this.justRestored = true;
  }

  /** Moves the clock and counts the mutation. */
  setClock(clock: ClockState): void {
    this.world.clock = clock;
    this.world.rev += 1;
  }
}

/** All runs of a process. Runs never see each other. */
export class Runs {
  readonly #runs = new Map<string, Run>();
  readonly #config: CloneConfig;
  readonly wall: WallClock;

  constructor(config: CloneConfig, wall: WallClock) {
    this.#config = config;
    this.wall = wall;
  }

  /** The run of that id, which begins its life now when there was none. Throws 400 on a malformed id. */
  open(id: string): Run {
    assertRunId(id);
    this.#dropIdle();
    let run = this.#runs.get(id);
    if (!run) {
      run = new Run(id, emptyWorld(this.#config.seed, id, 0), this.wall());
      run.seedDigest = seedDigestOf(this.#config.seed);
      this.#runs.set(id, run);
    }
    run.lastUsedMs = this.wall();
    return run;
  }

  /** The run of that id, or 404. Reading never creates one. */
  existing(id: string): Run {
    assertRunId(id);
    this.#dropIdle();
    const run = this.#runs.get(id);
    if (!run) throw problem('run_not_found', `there is no run \`${id}\``);
    return run;
  }

  /** Forgets a run. */
  drop(id: string): void {
    assertRunId(id);
    this.#runs.delete(id);
  }

  /** True while this very run is alive; its timers end with it. */
  isAlive(run: Run): boolean {
    return this.#runs.get(run.id) === run;
  }

  /** Every live run. */
  all(): Run[] {
    return [...this.#runs.values()];
  }

  #dropIdle(): void {
    const oldest = this.wall() - this.#config.runTtlMs;
    for (const run of this.#runs.values()) if (run.lastUsedMs < oldest) this.#runs.delete(run.id);
  }
}

/** Throws 400 unless `id` is a run id. */
export function assertRunId(id: string): void {
  if (!RUN_ID.test(id)) throw problem('bad_request', `\`${id.slice(0, 140)}\` is not a run id; it must match \`${RUN_ID.source}\``);
}
