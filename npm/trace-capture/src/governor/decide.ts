/**
 * What can be left out when recording costs too much, the one that is missed least first: pictures between steps, reads of
 * clones between steps, bodies, the DOM. Steps, requests and the console are never left out.
 */
export const SHEDDABLE = ['screenshots', 'clones', 'bodies', 'dom'] as const;

/** A source that can be shed. */
export type Sheddable = (typeof SHEDDABLE)[number];

/** What is measured: the sources that can be shed, and the others together. */
export type Source = Sheddable | 'others';

/** Costs by source, in milliseconds of the JavaScript thread or in bytes. */
export type Costs = Readonly<Partial<Record<Source, number>>>;

/** What recording cost in one window of time. */
export interface Window {
  readonly window_ms: number;
  readonly spent_ms: Costs;
  readonly bytes: Costs;
}

/** What recording may cost. */
export interface Budget {
  /** Share of the JavaScript thread's time. */
  readonly share: number;
  readonly bytes_per_second: number;
}

/** A source that is shed, and the part of the budget it took when that was decided. */
export interface Shed {
  readonly source: Sheddable;
  readonly load: number;
}

/** What earlier windows left behind. */
export interface State {
  /** In the order in which they were shed. */
  readonly shed: readonly Shed[];
  /** How long the budget has been exceeded without a break, or kept. */
  readonly over_ms: number;
  readonly calm_ms: number;
  /** How long it has to be kept before a source comes back; grows with every source that had to go again. */
  readonly patience_ms: number;
}

/** A source goes or comes back. */
export interface Change {
  readonly action: 'shed' | 'restored';
  readonly source: Sheddable;
  /** Which part of the budget was at stake. */
  readonly limit: 'time' | 'bytes';
  /** What all recording took of that limit: 1 is all of it. */
  readonly load: number;
  /** What the source took of it. */
  readonly source_load: number;
}

/** Once so much was over the budget a source goes: a page that loads may take more for a moment. */
const OVER_MS = 3_000;
const PATIENCE_MS = 5_000;
const LONGEST_PATIENCE_MS = 60_000;
/** A source comes back only if all of it together would have taken less than this part of the budget. */
const ROOM = 0.8;
/** A source that takes less than this part of the costs would not help by going. */
const WORTH = 0.1;
/** Sources whose costs are this near to the highest count as equal, and the one that is missed least goes. */
const NEAR = 0.75;

/** Nothing shed. */
export const CALM: State = { shed: [], over_ms: 0, calm_ms: 0, patience_ms: PATIENCE_MS };

/** Looks at one more window. At most one source changes, so that the next window shows what that did. */
export function decide(state: State, window: Window, budget: Budget): { readonly state: State; readonly change?: Change } {
  const time = loadsOf(window.spent_ms, budget.share * window.window_ms);
  const bytes = loadsOf(window.bytes, (budget.bytes_per_second * window.window_ms) / 1_000);
  const [limit, loads] = total(bytes) > total(time) ? (['bytes', bytes] as const) : (['time', time] as const);
  if (total(loads) > 1) return over(state, window.window_ms, limit, loads);
  return kept(state, window.window_ms, limit, loads);
}

function over(state: State, window_ms: number, limit: Change['limit'], loads: Costs): ReturnType<typeof decide> {
  const over_ms = state.over_ms + window_ms;
  if (over_ms < OVER_MS) return { state: { ...state, over_ms, calm_ms: 0 } };
  const source = costliest(state, loads);
  const next = { ...state, over_ms: 0, calm_ms: 0 };
  if (source === undefined) return { state: next };
  const source_load = loads[source] ?? 0;
  const change: Change = { action: 'shed', source, limit, load: total(loads), source_load };
  return { state: { ...next, shed: [...state.shed, { source, load: source_load }] }, change };
}

function costliest({ shed }: State, loads: Costs): Sheddable | undefined {
  const open = SHEDDABLE.filter((source) => !shed.some((one) => one.source === source));
  const most = Math.max(0, ...open.map((source) => loads[source] ?? 0));
  if (most < WORTH * total(loads)) return undefined;
  return open.find((source) => (loads[source] ?? 0) >= NEAR * most);
}

function kept(state: State, window_ms: number, limit: Change['limit'], loads: Costs): ReturnType<typeof decide> {
  const last = state.shed.at(-1);
  const calm = last !== undefined && total(loads) + last.load <= ROOM;
  // What the source took when it went is all that is known, so after a long calm it is tried again even if that was too much.
  const calm_ms = state.calm_ms + window_ms;
  const wait_ms = calm ? state.patience_ms : LONGEST_PATIENCE_MS;
  if (last === undefined || calm_ms < wait_ms) return { state: { ...state, over_ms: 0, calm_ms } };
  const patience_ms = Math.min(LONGEST_PATIENCE_MS, state.patience_ms * 2);
  const change: Change = { action: 'restored', source: last.source, limit, load: total(loads), source_load: last.load };
  return { state: { shed: state.shed.slice(0, -1), over_ms: 0, calm_ms: 0, patience_ms }, change };
}

function loadsOf(costs: Costs, limit: number): Costs {
  return Object.fromEntries(Object.entries(costs).map(([source, cost]) => [source, limit > 0 ? cost / limit : Infinity]));
}

function total(loads: Costs): number {
  return Object.values(loads).reduce((sum, load) => sum + load, 0);
}
