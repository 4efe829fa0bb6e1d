import { derivedFraction } from './ids.js';
import { log } from './state/log.js';
import type { InjectRule, World } from './state/world.js';

/** What the rules decided for one request: how long it waits, and the status it then fails with. */
export interface Chaos { delay_ms: number; failure: { status: number; rule: string } | undefined }

/**
 * Applies every matching rule in creation order; the first that fails the request decides its status.
 *
 * Draws come from a stream of their own, counted per rule, so that chaos never shifts the ids of objects.
 */
export function chaosFor(world: World, method: string, path: string, now_ms: number): Chaos {
  const chaos: Chaos = { delay_ms: 0, failure: undefined };
  for (const rule of world.inject) {
    if (!matches(rule, method, path)) continue;
    rule.seen += 1;
    world.rev += 1;
    const draw = derivedFraction(world.rng, `chaos|${rule.id}|${rule.seen}`);
    if (rule.kind === 'latency') {
      const delay_ms = Math.round(quantile(draw, rule.p50, rule.p99));
      rule.fired += 1;
      chaos.delay_ms += delay_ms;
      log(world, now_ms, { type: 'chaos.latency', rule: rule.id, method, path, delay_ms });
    } else if (!chaos.failure && fails(rule, draw, now_ms)) {
      rule.fired += 1;
      const status = rule.kind === 'error' ? rule.status : 429;
      chaos.failure = { status, rule: rule.id };
      log(world, now_ms, { type: 'chaos.error', rule: rule.id, method, path, status, rate: rule.kind === 'error' ? rule.rate : 1 });
    }
  }
  return chaos;
}

/** A path with `*` for any run of characters, compared with the vendor path without its `/t/{run}`. */
function matches(rule: InjectRule, method: string, path: string): boolean {
  if (rule.method !== null && rule.method !== method) return false;
  const source = rule.path.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  return new RegExp(`^${source}$`).test(path);
}

function fails(rule: Exclude<InjectRule, { kind: 'latency' }>, draw: number, now_ms: number): boolean {
  if (rule.kind === 'error') return (rule.times === null || rule.fired < rule.times) && draw < rule.rate;
  if (now_ms - rule.window_start_ms >= rule.window_ms) {
    rule.window_start_ms = now_ms;
    rule.window_count = 0;
  }
  rule.window_count += 1;
  return rule.window_count > rule.limit;
}

/** Piecewise linear: half of the median at 0, the median at 0.5, the 99th percentile at 0.99 and a fifth more at 1. */
function quantile(u: number, p50: number, p99: number): number {
  if (u <= 0.5) return p50 * (0.5 + u);
  if (u <= 0.99) return p50 + ((u - 0.5) / 0.49) * (p99 - p50);
  return p99 * (1 + ((u - 0.99) / 0.01) * 0.2);
}
