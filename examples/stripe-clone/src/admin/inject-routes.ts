import type { Json } from '../canonical-json.js';
import type { Answer } from '../http/exchange.js';
import { json } from '../http/exchange.js';
import { problem } from '../http/problem.js';
import type { Run } from '../state/runs.js';
import type { InjectRule, World } from '../state/world.js';
import type { AdminCall } from './call.js';

const MAX_RULES = 100;
const METHODS = ['GET', 'POST', 'DELETE'];

/** POST `/_clone/inject/{error|latency|ratelimit}`: adds a rule for vendor requests of one run. */
export function inject(call: AdminCall, run: Run, what: string): Answer {
  const { world } = run;
  if (world.inject.length >= MAX_RULES) throw problem('state_conflict', `run \`${run.id}\` has \`${MAX_RULES}\` rules already`);
  const rule = ruleOf(call, world, what);
  world.inject.push(rule);
  world.next_rule_id += 1;
  world.rev += 1;
  return json(200, rule);
}

/** GET `/_clone/inject?run=`. */
export function listRules(run: Run): Answer {
  return json(200, { run: run.id, rules: run.world.inject });
}

/** DELETE `/_clone/inject?run=[&id=]`: takes one rule away, or all. */
export function clearRules(call: AdminCall, run: Run): Answer {
  const id = call.query.get('id');
  run.world.inject = id === null ? [] : run.world.inject.filter((rule) => rule.id !== id);
  run.world.rev += 1;
  return { status: 204, headers: {}, body: Buffer.alloc(0) };
}

function ruleOf(call: AdminCall, world: World, what: string): InjectRule {
  const { body } = call;
  const common = { id: `inj_${world.next_rule_id}`, path: pathOf(body['path']), method: methodOf(body['method']), seen: 0, fired: 0 };
  if (what === 'error') {
    const times = body['times'] === undefined ? null : number(body['times'], 'times', 1, 1e6);
    return { ...common, kind: 'error', status: number(body['status'] ?? 500, 'status', 400, 599), rate: number(body['rate'] ?? 1, 'rate', 0, 1), times };
  }
  if (what === 'latency') {
    const p50 = number(body['p50'], 'p50', 0, 60_000);
    return { ...common, kind: 'latency', p50, p99: number(body['p99'] ?? p50, 'p99', p50, 60_000) };
  }
  if (what === 'ratelimit') {
    const window_ms = number(body['window_ms'] ?? 1000, 'window_ms', 1, 3_600_000);
    return { ...common, kind: 'ratelimit', limit: number(body['limit'], 'limit', 0, 1e6), window_ms, window_start_ms: 0, window_count: 0 };
  }
  throw problem('not_found', `this clone injects \`error\`, \`latency\` and \`ratelimit\`, not \`${what}\``);
}

function pathOf(path: Json | undefined): string {
  if (path === undefined) return '*';
  if (typeof path !== 'string' || path.length > 200) throw problem('bad_request', '`path` must be a vendor path such as `/v1/customers*`');
  return path;
}

function methodOf(method: Json | undefined): string | null {
  if (method === undefined || method === null || method === '*') return null;
  if (typeof method !== 'string' || !METHODS.includes(method.toUpperCase())) throw problem('bad_request', `\`method\` must be one of \`${METHODS.join('`, `')}\``);
  return method.toUpperCase();
}

function number(value: Json | undefined, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw problem('bad_request', `\`${name}\` must be a number from \`${min}\` to \`${max}\``);
  return value;
}
