import type { Page } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';

/** A named cache as the recorder words it: what it answers, without the answers. */
interface CacheState {
  readonly name: string;
  readonly requests: readonly { readonly method: string; readonly url: string }[];
  readonly truncated?: number;
}

/** A registered service worker as the recorder words it. */
interface WorkerState {
  readonly scope: string;
  readonly script: string;
}

/** An answer as it is put into a cache. */
interface Entry {
  readonly url: string;
  readonly status: number;
  readonly headers: [string, string][];
  /** Base64. */
  readonly body: string;
}

/** Bytes of bodies that one origin's caches are given; a bound, since all of them go through one call. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Longest a service worker may take to be ready. */
const READY_MS = 10_000;

/** Fills the caches of the origin whose document a page shows. The record has their answers as the network gave them; says which it has not. */
export async function putCaches(page: Page, recorded: unknown, replay: Replay): Promise<string[]> {
  const lost: string[] = [];
  let bytes = 0;
  const full = (recorded as readonly CacheState[]).map(({ name, requests, truncated = 0 }) => {
    const entries = requests.flatMap(({ method, url }): Entry[] => {
      const entry = method === 'GET' && bytes < MOST_BYTES ? entryOf(replay.replayed(url), replay) : undefined;
      bytes += entry?.body.length ?? 0;
      return entry ? [entry] : [];
    });
    const missing = requests.length - entries.length + truncated;
    if (missing > 0) lost.push(`${missing} of ${requests.length + truncated} answers in the cache ${name}`);
    return { name, entries };
  });
  return [...lost, ...(await quietly(page, async () => await page.evaluate(fillCaches, full)))];
}

function entryOf(url: string, replay: Replay): Entry | undefined {
  const { hit } = replay.find({ method: 'GET', url, headers: [['accept', '*/*']], client: 'browser' });
  if (hit?.answer.kind !== 'response' || hit.answer.body === 'missing') return undefined;
  const body = hit.answer.body === 'whole' ? replay.source.body(hit.entry) : undefined;
  return { url, status: hit.answer.status, headers: hit.answer.headers.map(([name, value]): [string, string] => [name, value]), body: body?.toString('base64') ?? '' };
}

/** Runs in a page, so it uses nothing of this module. */
async function fillCaches(all: readonly { readonly name: string; readonly entries: readonly Entry[] }[]): Promise<string[]> {
  const lost: string[] = [];
  for (const { name, entries } of all) {
    const cache = await caches.open(name);
    for (const { url, status, headers, body } of entries) {
      try {
        const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
        await cache.put(url, new Response(bytes.length === 0 ? null : bytes, { status, headers }));
      } catch (error) {
        lost.push(`${url} in the cache ${name} (${String(error).slice(0, 80)})`);
      }
    }
  }
  return lost;
}

/** Registers the service workers of the origin whose document a page shows; their scripts come out of the record. Says which it could not. */
export async function registerWorkers(page: Page, recorded: unknown, replay: Replay): Promise<string[]> {
  const wanted = (recorded as readonly WorkerState[]).map(({ scope, script }) => ({ scope: replay.replayed(scope), script: replay.replayed(script), ready_ms: READY_MS }));
  return await quietly(page, async () => await page.evaluate(register, wanted));
}

/** Runs in a page, so it uses nothing of this module. */
async function register(all: readonly { readonly scope: string; readonly script: string; readonly ready_ms: number }[]): Promise<string[]> {
  const lost: string[] = [];
  for (const { scope, script, ready_ms } of all) {
    const begin = async (type: WorkerType): Promise<ServiceWorkerRegistration> => await navigator.serviceWorker.register(script, { scope, type });
    try {
      const made = await begin('classic').catch(async () => await begin('module'));
      const until_ms = performance.now() + ready_ms;
      while (made.active?.state !== 'activated' && performance.now() < until_ms) await new Promise((resolve) => setTimeout(resolve, 20));
      if (made.active?.state !== 'activated') lost.push(`the service worker ${script}, which is not ready`);
    } catch (error) {
      lost.push(`the service worker ${script} (${String(error).slice(0, 300)})`);
    }
  }
  return lost;
}
