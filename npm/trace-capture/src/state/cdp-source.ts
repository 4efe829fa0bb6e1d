import type { BrowserContext, Page } from '@playwright/test';
import { implementationOf, property } from '../playwright/privates.js';
import { guidOf } from '../identities.js';
import type { PageIds } from '../identities.js';
import { atMost } from '../wait.js';
import type { HubStates } from './hub-states.js';
import type { StorageId } from './items.js';
import { Gathered } from './gathered.js';
import type { SlowReading } from './stores.js';
import type { StateTarget, TargetReading } from './target.js';
import type { Reading, StateSource } from './types.js';

/** Longest a database is read: a page cannot write to it meanwhile. */
const DATABASE_BUDGET_MS = 400;

/** What a source has to know of the trace it reads for. */
export interface Subject {
  readonly pages: PageIds;
  readonly settings: { readonly max_state_bytes: number };
}

/** Reads a context of Chromium over the recorder's own debugging sessions. */
export class CdpSource implements StateSource {
  readonly #context: BrowserContext;
  readonly #contextId: string;
  readonly #states: HubStates;
  readonly #subject: Subject;
  readonly #budget_ms: number;

  private constructor(context: BrowserContext, contextId: string, states: HubStates, subject: Subject, budget_ms: number) {
    this.#context = context;
    this.#contextId = contextId;
    this.#states = states;
    this.#subject = subject;
    this.#budget_ms = budget_ms;
  }

  /** Nothing when the context's own id cannot be had. */
  static of(context: BrowserContext, states: HubStates, subject: Subject, budget_ms: number = DATABASE_BUDGET_MS): CdpSource | undefined {
    const id = property(implementationOf(context), '_browserContextId');
    return typeof id === 'string' ? new CdpSource(context, id, states, subject, budget_ms) : undefined;
  }

  async read(bound_ms: number, all: boolean): Promise<Reading> {
    const gathered = new Gathered();
    const names = new Names(this.#context, this.#subject.pages);
    const targets = this.#states.of(this.#contextId);
    const work = [
      this.#cookies(gathered),
      ...targets.map(async ({ target, pageTargetId }) => {
        const page = names.page(pageTargetId);
        if (page !== undefined) await this.#target(target, page, names, gathered, bound_ms, all);
      }),
    ];
    await Promise.all(work);
    return gathered.reading();
  }

  async #cookies(gathered: Gathered): Promise<void> {
    const answer = await this.#states.root.send('Storage.getCookies', { browserContextId: this.#contextId }).catch(() => undefined);
    if (answer === undefined) gathered.miss('cookies');
    else gathered.set('cookies', cookieText((answer as { cookies: Cookie[] }).cookies));
  }

  async #target(target: StateTarget, page: string, names: Names, gathered: Gathered, bound_ms: number, all: boolean): Promise<void> {
    const { worlds } = target;
    const limits = { max_chars: this.#subject.settings.max_state_bytes, budget_ms: this.#budget_ms };
    const slowly = async (everything: boolean): Promise<SlowReading[] | undefined> => {
      return await atMost(bound_ms + this.#budget_ms, target.slow(worlds, everything, limits));
    };
    const asked = [atMost(bound_ms, target.quick(worlds, all)), atMost(bound_ms, target.settled(worlds, all)), slowly(all)] as const;
    const [quick, , slow] = await Promise.all(asked);
    if (quick === undefined || slow === undefined) target.forgetAll();
    if (quick === undefined) gathered.missPage(page);
    else takeQuick(target, quick, page, names, gathered);
    if (slow === undefined) gathered.miss(`databases of ${page}`);
    else takeSlow(slow, gathered);
    takeItems(target.left(quick?.answered ?? new Set(), all), page, gathered);
    if (target.hasNews(worlds)) takeSlow((await slowly(false)) ?? [], gathered);
  }
}

interface Cookie {
  readonly name: string;
  readonly domain: string;
  readonly path: string;
  readonly [field: string]: unknown;
}

/** In an order of its own: the browser's is that of creation, which a renewed cookie changes. */
function cookieText(cookies: readonly Cookie[]): string {
  const key = ({ domain, path, name, partitionKey }: Cookie): string => JSON.stringify([domain, path, name, partitionKey]);
  return JSON.stringify([...cookies].sort((a, b) => (key(a) < key(b) ? -1 : 1)));
}

function itemsName({ isLocalStorage, storageKey = '' }: StorageId, page: string): string {
  return isLocalStorage ? `local ${storageKey}` : `session ${page} ${storageKey}`;
}

function takeQuick(target: StateTarget, reading: TargetReading, page: string, names: Names, gathered: Gathered): void {
  for (const { frameId, text } of reading.documents) {
    const frame = names.frame(frameId);
    if (frame === undefined) target.forget(frameId);
    else gathered.set(`document ${frame}`, text);
  }
  gathered.frames(page, reading.frames.flatMap((frameId) => names.frame(frameId) ?? []));
  takeItems(reading.items, page, gathered);
  if (reading.history !== undefined) gathered.set(`history ${page}`, reading.history);
  if (reading.missing > 0) gathered.miss(`${reading.missing} frames of ${page}`);
}

function takeItems(items: TargetReading['items'], page: string, gathered: Gathered): void {
  for (const { id, text, at } of items) gathered.setNewest(itemsName(id, page), text, at);
}

function takeSlow(readings: readonly SlowReading[], gathered: Gathered): void {
  for (const { storageKey, databases, caches, workers, faults, lost } of readings) {
    if (databases !== undefined) gathered.setUnlessEmpty(`indexeddb ${storageKey}`, databases);
    if (caches !== undefined) gathered.setUnlessEmpty(`caches ${storageKey}`, caches);
    if (workers !== undefined) gathered.setUnlessEmpty(`workers ${storageKey}`, workers);
    for (const { database, fault } of faults) gathered.fault(storageKey, database, fault);
    for (const [kind, count] of lost) gathered.lost(storageKey, kind, count);
  }
}

/** Names of pages and frames in the trace, from the browser's ids. */
export class Names {
  readonly #pages = new Map<string, Page>();
  readonly #frames = new Map<string, string>();
  readonly #pageIds: PageIds;

  constructor(context: BrowserContext, pageIds: PageIds) {
    this.#pageIds = pageIds;
    for (const page of context.pages()) this.#know(page);
  }

  /** Nothing for a page that Playwright does not know (yet). */
  page(targetId: string): string | undefined {
    const page = this.#pages.get(targetId);
    return page === undefined ? undefined : this.#pageIds.page(guidOf(page));
  }

  frame(frameId: string): string | undefined {
    return this.#frames.get(frameId);
  }

  #know(page: Page): void {
    const target = property(property(implementationOf(page), 'delegate'), '_targetId');
    if (typeof target !== 'string') return;
    this.#pages.set(target, page);
    for (const frame of page.frames()) {
      const id = property(implementationOf(frame), '_id');
      if (typeof id === 'string') this.#frames.set(id, this.#pageIds.frame(guidOf(page), guidOf(frame)));
    }
  }
}
