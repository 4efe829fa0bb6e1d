import type { Page } from '@playwright/test';
import { property } from '../calls/connection.js';
import type { TapedCall } from '../calls/tape.js';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import { readBack } from './page.js';
import type { ContextState, PageState, Pairs } from './state.js';

/** How near the restored browser is to the recorded one; the worst of the checks counts, those of whole documents apart. */
export type Grade = 'exact' | 'equivalent' | 'degraded' | 'diverged';

/** One comparison. */
export interface Check {
  readonly name: string;
  readonly grade: Grade;
  readonly message?: string;
}

/** What the gate found. */
export interface Fidelity {
  readonly grade: Grade;
  readonly checks: readonly Check[];
}

const WORSE: readonly Grade[] = ['exact', 'equivalent', 'degraded', 'diverged'];
/** Longest the first thing that the live part looks for may take to appear; less where the skipped steps can be carried out instead. */
const APPEAR_MS = { restore: 5_000, auto: 1_500 };
/** After so long Playwright asks a page for the second time. */
const ASKED_AGAIN_MS = 100;
/** Calls that need what they name to be there, and those of them that need it to be seen. */
const NEEDS = new Set(['click', 'dblclick', 'fill', 'check', 'uncheck', 'press', 'type', 'tap', 'hover', 'focus', 'selectOption', 'setInputFiles', 'textContent', 'innerText', 'innerHTML', 'inputValue', 'getAttribute']);

/** The worst of some checks. */
export function fidelityOf(checks: readonly Check[]): Fidelity {
  const worst = Math.max(0, ...checks.map(({ grade }) => WORSE.indexOf(grade)));
  return { grade: WORSE[worst] ?? 'diverged', checks };
}

/** Compares one restored context with its record, before the test goes on in it. */
export async function checkContext(pages: readonly (Page | undefined)[], state: ContextState, lost: readonly string[], replay: Replay): Promise<Check[]> {
  const checks: Check[] = lost.length === 0 ? [] : [{ name: 'restored', grade: 'degraded', message: `not brought back: ${lost.join('; ')}` }];
  const first = pages.find((page) => page !== undefined);
  if (first && state.cookies.length > 0) {
    const now = new Set((await quietly(first, async () => await first.context().cookies())).map(({ name }) => name));
    const gone = state.cookies.filter(({ name }) => !now.has(name)).map(({ name }) => name);
    checks.push(gone.length === 0 ? { name: 'cookies', grade: 'exact' } : { name: 'cookies', grade: 'degraded', message: `without ${gone.join(', ')}` });
  }
  for (const [at, page] of state.pages.entries()) {
    const target = pages[at];
    if (!target) checks.push({ name: `page ${page.page}`, grade: 'diverged', message: `the record has ${state.pages.length} pages in ${state.context}, this browser ${pages.filter((one) => one !== undefined).length}` });
    else checks.push(...(await checkPage(target, page, state, replay)));
  }
  return checks;
}

async function checkPage(page: Page, { document, session, page: id }: PageState, { local }: ContextState, replay: Replay): Promise<Check[]> {
  if (!document || !/^https?:/.test(document.url)) return [];
  const now = await quietly(page, async () => await page.evaluate(readBack, document.fields.map(({ at }) => at)));
  const wanted = replay.replayed(document.url);
  const origin = new URL(document.url).origin;
  const fields = document.fields.filter((field, at) => now.fields[at] !== wantedValue(field));
  return [
    now.url === wanted ? { name: `url ${id}`, grade: 'exact' } : { name: `url ${id}`, grade: 'diverged', message: `it is ${now.url}, recorded ${wanted}` },
    now.title === document.title ? { name: `title ${id}`, grade: 'exact' } : { name: `title ${id}`, grade: 'degraded', message: `it is «${now.title}», recorded «${document.title}»` },
    now.state === JSON.stringify(document.history.state ?? null) ? { name: `history ${id}`, grade: 'exact' } : { name: `history ${id}`, grade: 'degraded', message: 'the history has another state' },
    storageCheck(`local ${id}`, local.get(origin) ?? [], now.storage.local),
    storageCheck(`session ${id}`, session.get(origin) ?? [], now.storage.session),
    fields.length === 0 ? { name: `fields ${id}`, grade: 'exact' } : { name: `fields ${id}`, grade: 'degraded', message: `other values in ${fields.map(({ name, at }) => name ?? at).join(', ')}` },
  ];
}

function wantedValue({ checked, value, selected }: { readonly checked?: boolean; readonly value?: string; readonly selected?: readonly number[] }): string | null {
  if (selected) return selected.join();
  return checked === undefined ? (value ?? '') : String(checked);
}

/** What an application writes when it loads (a counter, a time) differs in every run; what it lost does not come back. */
function storageCheck(name: string, recorded: Pairs, now: Pairs): Check {
  const items = new Map(now);
  const gone = recorded.filter(([key]) => !items.has(key)).map(([key]) => key);
  if (gone.length > 0) return { name, grade: 'degraded', message: `without ${gone.join(', ')}` };
  const other = recorded.filter(([key, value]) => items.get(key) !== value).map(([key]) => key);
  return other.length === 0 ? { name, grade: 'exact' } : { name, grade: 'equivalent', message: `other values in ${other.join(', ')}` };
}

/** Whether what the live part first looks for is there. It is what a page that only seems the same does not have. */
export async function probe(pages: readonly Page[], coming: readonly TapedCall[], replay: Replay): Promise<Check[]> {
  const call = coming.find(({ class: type }) => type === 'Frame');
  const selector = call?.params['selector'];
  if (pages.length === 0 || !call || typeof selector !== 'string' || call.error) return [];
  const shown = call.method === 'expect' ? call.params['expression'] === 'to.be.visible' && call.params['isNot'] !== true : NEEDS.has(call.method);
  if (!shown || selector.includes('[REDACTED:')) return [];
  const state = call.method === 'setInputFiles' ? 'attached' : 'visible';
  // The tape does not say whose page a call was.
  const found = await Promise.any(pages.map(async (page) => await quietly(page, async () => await page.locator(selector).first().waitFor({ state, timeout: patienceOf(replay) })))).then(() => true, () => false);
  return [found ? { name: 'locators', grade: 'exact' } : { name: 'locators', grade: 'diverged', message: `${selector}, which the test looks for next, is not there` }];
}

/**
 * Whether what the test last saw is still to be seen: the assertions that held after the last act of the skipped steps are asked
 * again, and those that held at once when the live part began. A page that kept something in mind only shows it here.
 */
export async function ask(pages: readonly Page[], past: readonly TapedCall[], coming: readonly TapedCall[], replay: Replay): Promise<Check[]> {
  if (pages.length === 0) return [];
  const asked: TapedCall[] = [];
  for (const call of [...past].reverse()) {
    if (isAssertion(call)) asked.push(call);
    else if (!LOOKS.has(call.method)) break;
  }
  asked.push(...heldAtOnce(coming));
  const fit = asked.filter(({ params, error }) => !error && !JSON.stringify(params).includes('[REDACTED:') && !(replay.isMoved && params['expression'] === 'to.have.url'));
  if (fit.length === 0) return [];
  const failed: string[] = [];
  for (const { params } of fit) if (!(await holdsOnOne(pages, params, patienceOf(replay)))) failed.push(`${String(params['selector'] ?? 'the page')} ${String(params['expression'])}`);
  return [failed.length === 0 ? { name: 'assertions', grade: 'exact' } : { name: 'assertions', grade: 'diverged', message: `no longer so: ${failed.join(', ')}` }];
}

async function holdsOnOne(pages: readonly Page[], params: Readonly<Record<string, unknown>>, timeout: number): Promise<boolean> {
  return (await Promise.all(pages.map(async (page) => await holds(page, params, timeout)))).includes(true);
}

function patienceOf({ order: { strategy } }: Replay): number {
  return strategy === 'auto' ? APPEAR_MS.auto : APPEAR_MS.restore;
}

/** Calls that only look, after which what was so before is still so. */
const LOOKS = new Set(['textContent', 'innerText', 'innerHTML', 'inputValue', 'getAttribute', 'isVisible', 'isHidden', 'isEnabled', 'isDisabled', 'isChecked', 'isEditable', 'queryCount', 'title', 'content', 'waitForSelector', 'ariaSnapshot', 'screenshot', 'expectScreenshot', 'cookies', 'storageState', 'resolveSelector']);

/** Assertions before any act that the page needed no time for, so it was so before them. */
export function heldAtOnce(coming: readonly TapedCall[]): TapedCall[] {
  const held: TapedCall[] = [];
  for (const call of coming) {
    if (isAssertion(call)) {
      const { start_ms = 0, end_ms = Infinity, error } = call;
      if (error || end_ms - start_ms >= ASKED_AGAIN_MS) break;
      held.push(call);
    } else if (!LOOKS.has(call.method)) break;
  }
  return held;
}

function isAssertion({ class: type, method }: TapedCall): boolean {
  return type === 'Frame' && method === 'expect';
}

/** The recorded question itself, put to the page as it is now. */
async function holds(page: Page, params: Readonly<Record<string, unknown>>, timeout: number): Promise<boolean> {
  const frame = page.mainFrame();
  const connection = property(frame, '_connection');
  const send = property(connection, 'sendMessageToServer');
  if (typeof send !== 'function') return true;
  const { timeout: _patience, ...question } = params;
  try {
    const answer = (await Reflect.apply(send, connection, [frame, 'expect', question, { internal: true, timeout }])) as { readonly matches?: boolean } | undefined;
    return answer?.matches === undefined || answer.matches !== (params['isNot'] === true);
  } catch {
    return false;
  }
}
