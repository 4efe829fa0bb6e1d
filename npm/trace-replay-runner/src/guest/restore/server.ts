import type { BrowserContext } from '@playwright/test';
import { asksForWhole, isSentAgain } from '../network/sent-again.js';
import { shown } from '../network/shown.js';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';
import type { Check } from './gate.js';

/** What a restored page asked of the application, and was answered out of the record. */
export interface Served {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

/** Longest the running application may take to answer one question. */
const ANSWER_MS = 5_000;
/** The last questions say most, and each costs time. */
const MOST = 3;

/**
 * Whether the running application answers a restored browser as the record does. Only what is safe to ask is asked. A server that does
 * not know the sign-in, or what the skipped steps made there, says so here, where it is not taken for a fault of the code.
 */
export async function askServer(context: BrowserContext, served: readonly Served[], replay: Replay): Promise<Check[]> {
  const latest = new Map(served.filter(({ url, status }) => status < 300 && replay.mayAsk('app', url)).map((one) => [one.url, one]));
  const asked = [...latest.values()].slice(-MOST);
  const found = await Promise.all(asked.map(async (one) => await differs(context, one)));
  const other = found.filter((words) => words !== undefined);
  if (other.length > 0) return [{ name: 'server', grade: 'diverged', message: `${other.join('; ')}: the running application is not where the record left it, such as without the sign-in` }];
  return asked.length === 0 ? [] : [{ name: 'server', grade: 'exact' }];
}

async function differs(context: BrowserContext, { url, headers, status }: Served): Promise<string | undefined> {
  const cookies = await quietly(context, async () => await context.cookies(url));
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const sent = Object.entries(headers).filter(([name]) => isSentAgain(name) && asksForWhole(name));
  try {
    const answer = await fetch(url, { redirect: 'manual', headers: [...sent, ...(cookie === '' ? [] : [['cookie', cookie] as [string, string]])], signal: AbortSignal.timeout(ANSWER_MS) });
    await answer.body?.cancel();
    return answer.status < 300 ? undefined : `GET ${shown(url)} is answered with ${answer.status}, recorded ${status}`;
  } catch {
    return `GET ${shown(url)} is not answered at all`;
  }
}
