import type { BrowserContext } from '@playwright/test';
import { existsSync } from 'node:fs';
import { LiveHeader } from './network/live-header.js';
import { isSentAgain } from './network/sent-again.js';
import { shown } from './network/shown.js';
import { quietly } from './quietly.js';
import type { Replay } from './replay.js';
import type { Change } from './source.js';

/** A change that the running application answered otherwise than it was recorded, or that could not be sent. */
export interface Otherwise {
  readonly method: string;
  readonly url: string;
  readonly recorded_seq: number;
  readonly message: string;
}

/** What bringing the application to step N came to. */
export interface Brought {
  readonly sent: number;
  readonly otherwise: readonly Otherwise[];
}

/** Longest one request may take, and all of them together: the test waits meanwhile. */
const ANSWER_MS = 10_000;
const MOST_MS = 60_000;
const LOOK_MS = 50;
const PLACEHOLDER = '[REDACTED:';

/**
 * Sends the recorded requests of the skipped steps that changed something to the running application, in order and one after the other.
 * Sessions that it begins have other names than the recorded ones: cookies of the requests, and of the contexts, follow.
 */
export async function bringServer(replay: Replay, contexts: readonly BrowserContext[]): Promise<Brought> {
  const changes = JSON.parse(replay.source.changes()) as readonly Change[];
  const header = LiveHeader.of(replay);
  const otherwise: Otherwise[] = [];
  const until_ms = performance.now() + MOST_MS;
  let sent = 0;
  for (const change of changes) {
    const url = replay.replayed(change.url);
    const why = performance.now() > until_ms ? `not sent, since those before took ${MOST_MS} ms` : whyNot(replay, change, url);
    const differs = why ?? (await send(replay, change, url, header));
    if (why === undefined) sent += 1;
    if (differs !== undefined) otherwise.push({ method: change.method, url: shown(url), recorded_seq: change.seq, message: `${change.method} ${shown(url)}: ${differs}` });
  }
  for (const context of contexts) await renew(replay, context);
  return { sent, otherwise };
}

function whyNot(replay: Replay, { headers, body }: Change, url: string): string | undefined {
  if (!replay.mayAsk('app', url)) return 'not sent, since it is not on this machine and --app-origin does not name it';
  const isHidden = headers.some(([name, value]) => isSentAgain(name) && value.includes(PLACEHOLDER)) || url.includes(PLACEHOLDER) || Buffer.from(body, 'base64').includes(PLACEHOLDER);
  return isHidden ? "not sent, since a redacted value in it is not in the trace's vault" : undefined;
}

/** Sends one change; gives what was otherwise. */
async function send(replay: Replay, change: Change, url: string, header: LiveHeader | undefined): Promise<string | undefined> {
  const { method, headers, body, status, set_cookie } = change;
  const answered = replay.stall.begin(`the running application's answer to ${method} ${shown(url)}`);
  const kept = headers.filter(([name]) => isSentAgain(name));
  const cookie = headers.filter(([name]) => name.toLowerCase() === 'cookie').flatMap(([, value]) => value.split(/;\s*/)).map((pair) => renewed(replay, pair)).join('; ');
  const clock = header?.at(change.seq, change.sent_ms);
  const extra: [string, string][] = [...(cookie === '' ? [] : [['cookie', cookie] as [string, string]]), ...(clock ? [[clock.name, clock.value] as [string, string]] : [])];
  try {
    const answer = await fetch(url, {
      method, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS), headers: [...kept.map(([name, value]): [string, string] => [name, value]), ...extra],
      ...(body === '' ? {} : { body: Buffer.from(body, 'base64') }),
    });
    await answer.arrayBuffer();
    learn(replay, set_cookie, answer.headers.getSetCookie());
    return answer.status === status ? undefined : `answered with ${answer.status}, recorded ${status}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    return `not answered (${cause})`;
  } finally {
    answered();
  }
}

/** What a recorded cookie is called by the running application. */
function learn(replay: Replay, recorded: readonly string[], now: readonly string[]): void {
  const values = new Map(now.map((line) => pairOf(line)));
  for (const [name, old] of recorded.map((line) => pairOf(line))) {
    const value = values.get(name);
    if (value !== undefined && value !== old) replay.cookies.set(`${name}=${old}`, value);
  }
}

function pairOf(line: string): readonly [string, string] {
  const [pair = ''] = line.split(';', 1);
  const at = pair.indexOf('=');
  return [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
}

function renewed(replay: Replay, pair: string): string {
  const value = replay.cookies.get(pair.trim());
  return value === undefined ? pair : `${pairOf(pair)[0]}=${value}`;
}

/** Cookies that the record gave a context become those of the running application. */
async function renew(replay: Replay, context: BrowserContext): Promise<void> {
  const cookies = await quietly(context, async () => await context.cookies());
  const changed = cookies.flatMap((cookie) => {
    const value = replay.cookies.get(`${cookie.name}=${cookie.value}`);
    return value === undefined ? [] : [{ ...cookie, value }];
  });
  if (changed.length > 0) await quietly(context, async () => await context.addCookies(changed));
}

/** Resolves when a file is there, or will not come any more. */
export async function appears(file: string): Promise<void> {
  const until_ms = performance.now() + MOST_MS;
  while (!existsSync(file) && performance.now() < until_ms) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
