import { guardedAsync } from '../problems.js';
import { replayGuest } from '../replay-port.js';
import type { Session } from '../session.js';
import { atMost } from '../wait.js';
import { CloneClient } from './client.js';
import { discover } from './discover.js';
import { CloneWatch } from './watch.js';

const SAVE_MS = 5_000;
const QUIET_MS = 1_000;
const QUIET_POLL_MS = 20;

/** Follows the clones of a test from its beginning to its end. Nothing here is ever waited for by the test itself. */
export function startClones(session: Session): void {
  const clones = discover(session.settings.clones, process.env);
  if (clones.length === 0 || replayGuest()?.isOnRecord) return;
  const watches = clones.map((clone) => new CloneWatch(session, new CloneClient(clone), clone.collections));
  const poll = async (some: readonly CloneWatch[]): Promise<void> => {
    await guardedAsync('the clones', async () => {
      await Promise.all(some.map(async (watch) => await watch.poll()));
    });
  };
  const pollAll = async (): Promise<void> => await poll(watches);
  const pollIdle = async (): Promise<void> => await poll(watches.filter(({ isReading }) => !isReading));
  const timer = setInterval(() => void (session.shed.has('clones') || pollIdle()), Math.max(50, session.settings.clone_poll_ms));
  timer.unref();
  void pollAll();
  let last = Promise.resolve();
  session.onStep((when, step) => {
    if (when !== 'end' || step.parent || step.category !== 'test.step') return;
    last = last.then(pollAll);
    if (session.settings.world_snapshots) last = last.then(async () => await saveWorld(watches, step.id));
    session.pending.add('the state of a clone', last);
  });
  session.onClose(async (bound_ms) => {
    clearInterval(timer);
    await atMost(bound_ms, last.then(pollAll));
  });
}

/**
 * Saves all worlds at one instant. A single save is a consistent cut by itself; several are only one with their clocks
 * paused and nothing under way, and a clock that the test has paused is never resumed by us.
 */
async function saveWorld(watches: readonly CloneWatch[], stepId: string): Promise<void> {
  const usable = watches.filter((watch) => watch.usable);
  const paused: CloneWatch[] = [];
  const work = async (): Promise<void> => {
    if (usable.length > 1) {
      await pauseAll(usable, paused);
      await quiesced(usable);
    }
    await Promise.all(usable.map(async (watch) => await watch.save(stepId, 'after')));
  };
  await atMost(SAVE_MS, guardedAsync('a world snapshot', work));
  for (const watch of paused.reverse()) await guardedAsync('resuming a clone', async () => await watch.client.resume());
}

async function pauseAll(watches: readonly CloneWatch[], paused: CloneWatch[]): Promise<void> {
  for (const watch of watches) {
    if ((await watch.client.clock()).mode !== 'running') continue;
    await watch.client.pause();
    paused.push(watch);
  }
}

/** Waits for what is under way to come to its end. One that never does is saved as it is: a later cut would be no better. */
async function quiesced(watches: readonly CloneWatch[]): Promise<void> {
  const deadline = Date.now() + QUIET_MS;
  while (Date.now() < deadline) {
    const quiet = await Promise.all(watches.map(async (watch) => await watch.quiet()));
    if (quiet.every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
  }
}
