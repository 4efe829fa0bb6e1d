import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Page, TestInfo } from '@playwright/test';
import type { Event, Trace } from '../capture/suite.js';

/** One hard page: what is done to it by the runner, and what must stand in its trace. */
export interface HardPage<Site> {
  readonly name: string;
  /** What makes it hard to record. */
  readonly hazard: string;
  readonly act: (page: Page, site: Site, testInfo: TestInfo) => Promise<void>;
  readonly check: (trace: Trace) => void;
  /** Why Playwright's own events cannot give what `check` asks for; what they must give instead. */
  readonly byEvents?: { readonly why: string; readonly check: (trace: Trace) => void };
}

/** The one event of a kind that fits. */
export function only(trace: Trace, kind: string, fits: (event: Event) => boolean, what: string): Event {
  const found = trace.of(kind).filter(fits);
  assert.equal(found.length, 1, `${what}: ${found.length} of ${kind}\n${outline(trace)}`);
  return found[0] as Event;
}

/** Whether an event's URL ends like this. */
export const at = (end: string) => (event: Event): boolean => String(event['url']).endsWith(end);

export const request = (trace: Trace, end: string): Event => only(trace, 'network.request', at(end), `request ${end}`);
export const response = (trace: Trace, end: string): Event => only(trace, 'network.response', at(end), `response ${end}`);
export const failed = (trace: Trace, end: string): Event => only(trace, 'network.failed', at(end), `failure ${end}`);

interface Content {
  readonly size: number;
  readonly text?: string;
  readonly base64?: string;
  readonly blob?: string;
  readonly truncated?: number;
}

export function content(event: Event, field = 'body'): Content | undefined {
  return event[field] as Content | undefined;
}

/** The body is these bytes, all of them. */
export function holds(event: Event, expected: Buffer | string, field = 'body'): void {
  const data = Buffer.from(expected);
  const found = content(event, field);
  const told = `${String(event['url'])}: ${JSON.stringify(event).slice(0, 600)}`;
  assert.ok(found, `no ${field} in ${told}`);
  assert.equal(found.truncated, undefined, told);
  assert.equal(found.size, data.length, told);
  const sha256 = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
  const inline = found.text ?? found.base64;
  const got = inline === undefined ? found.blob : `sha256:${sha256(Buffer.from(inline, found.text === undefined ? 'base64' : 'utf8'))}`;
  assert.equal(got, `sha256:${sha256(data)}`, told);
}

/** The network of a trace in short, for whoever reads a failed check. */
export function outline(trace: Trace): string {
  const events = trace.events.filter(({ kind }) => kind.startsWith('network.') || kind === 'capture.notice');
  return events.map((event) => `${event.seq} ${event.kind} ${['request_id', 'method', 'status', 'error', 'direction', 'url', 'body_missing', 'code', 'message'].map((key) => event[key] ?? '').join(' ')}`).join('\n');
}
