import type { ClockMode } from '@molar/time';
import { REPLAY_HEADER, signReplayHeader } from '@molar/time';

export const SECRET = 'only-for-these-tests';
/** 2024-02-29T12:00:00Z, long before any run of the tests. */
export const LEAP = 1_709_208_000_000;

/** A signed header; what is not given is the first request of a run at {@link LEAP}. */
export function header(given: Partial<{ run: string; t: number; mode: ClockMode; seq: number | string; secret: string }> = {}): Record<string, string> {
  const { run = 'run_1', t = LEAP, mode = 'fixed', seq = 1, secret = SECRET } = given;
  return { [REPLAY_HEADER]: signReplayHeader({ run, t, mode, seq }, secret) };
}

/** The JSON answer and the headers of one request. */
export async function ask(url: string, headers: Record<string, string> = {}, body?: string): Promise<{ value: unknown; headers: Headers }> {
  const response = await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body }) });
  return { value: JSON.parse(await response.text()), headers: response.headers };
}
