import { createServer } from 'node:http';
import type { AdminParts } from './admin/call.js';
import { adminHandler } from './admin/server.js';
import type { JsonObject } from './canonical-json.js';
import type { WallClock } from './clock.js';
import type { CloneConfig } from './config.js';
import { listen, shut } from './http/exchange.js';
import { Scheduler } from './scheduler.js';
import type { Run } from './state/runs.js';
import { Runs } from './state/runs.js';
import { SnapshotShelf } from './state/shelf.js';
import { KIND, VERSION } from './state/world.js';
import { vendorHandler } from './vendor/server.js';

const FEATURES = ['seed', 'snapshot', 'snapshot.path', 'clock.set', 'clock.pause', 'inject', 'events', 'world'];
const HOST = '127.0.0.1';

/** A running clone. */
export interface Clone {
  /** Base URL of the vendor API; a run's own base is `${vendor}/t/${run}`. */
  vendor: string;
  /** Base URL of the admin API. */
  admin: string;
  /** Stops both listeners and all timers; safe to call twice. */
  close(): Promise<void>;
}

/** What a caller may replace. */
export interface CloneOptions { wall?: WallClock; onError?: (error: unknown) => void }

/** Starts both listeners on the loopback address. */
export async function startClone(config: CloneConfig, options: CloneOptions = {}): Promise<Clone> {
  const runs = new Runs(config, options.wall ?? Date.now);
  const scheduler = new Scheduler(runs, config);
  const onError = options.onError ?? ((error: unknown) => console.error(error));
  const health = (run?: Run): JsonObject => healthOf(config, scheduler, run ? [run] : runs.all());
  const adminParts: AdminParts = { config, runs, scheduler, shelf: new SnapshotShelf(config.maxSnapshotBytes), health, onError };
  let vendor = '';
  const vendorServer = createServer(vendorHandler({ runs, scheduler, baseUrl: () => vendor, health, onError }));
  const adminServer = createServer(adminHandler(adminParts));
  vendor = await listen(vendorServer, HOST, config.vendorPort);
  const admin = await listen(adminServer, HOST, config.adminPort).catch(async (error: unknown) => {
    await shut(vendorServer);
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    scheduler.stop();
    await Promise.all([shut(vendorServer), shut(adminServer)]);
  };
  return { vendor, admin, close: () => (closing ??= close()) };
}

function healthOf(config: CloneConfig, scheduler: Scheduler, runs: Run[]): JsonObject {
  return {
    kind: KIND, version: VERSION, protocol: [1], features: FEATURES, max_snapshot_bytes: config.maxSnapshotBytes,
    paused: runs.some((run) => run.world.clock.mode === 'paused'),
    in_flight: runs.reduce((sum, run) => sum + run.vendorInFlight + scheduler.inFlight(run), 0),
  };
}
