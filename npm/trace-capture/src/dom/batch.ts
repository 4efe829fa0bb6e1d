import type { InjectedNotice, PartKind } from '../injected/wire.js';
import type { DomScore } from './types.js';

/** One part of a batch: how many events and when, and their text. */
export interface BatchPart {
  readonly type: PartKind;
  readonly count: number;
  readonly firstTs: number;
  readonly lastTs: number;
  readonly events: string;
  readonly digest?: DomScore;
}

/** A batch as the page sent it, split but with its events unread. */
export interface Batch {
  readonly stream: string;
  readonly generation: number;
  readonly number: number;
  readonly parts: readonly BatchPart[];
  readonly notices: readonly InjectedNotice[];
}

/** Why a text is no batch. */
export interface BatchFault {
  readonly fault: string;
}

/** Longest text that is looked at: pages are not trusted, and nothing the recorder sends comes near it. */
const MAX_BATCH_CHARS = 256 * 1024 * 1024;
const STREAM = /^[0-9a-f]{16}$/;

/** Reads one batch. What does not hold to the form is a fault, as data: the text comes from a page. */
export function parseBatch(text: unknown): Batch | BatchFault {
  if (typeof text !== 'string') return { fault: 'not a string' };
  if (text.length > MAX_BATCH_CHARS) return { fault: 'too long' };
  const [first = '', ...lines] = text.split('\n');
  const header = parseJson(first);
  if (!Array.isArray(header)) return { fault: 'header is not a JSON array' };
  const [stream, generation, number, parts, notices] = header as unknown[];
  if (typeof stream !== 'string' || !STREAM.test(stream)) return { fault: 'header has no stream id' };
  if (!isCount(generation) || !isCount(number)) return { fault: 'header has no generation or batch number' };
  if (!Array.isArray(parts) || !Array.isArray(notices)) return { fault: 'header has no parts or notices' };
  if (parts.length !== lines.length) return { fault: `header names ${parts.length} parts, ${lines.length} follow` };
  const read = parts.map((part: unknown, at) => parsePart(part, lines[at] ?? ''));
  if (!read.every((part) => part !== undefined)) return { fault: 'a part is malformed' };
  return { stream, generation, number, parts: read, notices: notices.filter(isNotice) };
}

function parsePart(header: unknown, events: string): BatchPart | undefined {
  if (!Array.isArray(header)) return undefined;
  const [type, count, firstTs, lastTs, score] = header as unknown[];
  if (type !== 'snapshot' && type !== 'mutation') return undefined;
  if (!isCount(count) || !isTime(firstTs) || !isTime(lastTs)) return undefined;
  if (!events.startsWith('[') || !events.endsWith(']')) return undefined;
  const digest = parseScore(score);
  return { type, count, firstTs, lastTs, events, ...(digest ? { digest } : {}) };
}

function parseScore(score: unknown): DomScore | undefined {
  if (!Array.isArray(score)) return undefined;
  const [version, value, nodes] = score as unknown[];
  const isScore = isCount(version) && typeof value === 'string' && /^[0-9a-f]{8}$/.test(value) && isCount(nodes);
  return isScore ? { version, value, nodes } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reported by the caller as a fault of the header.
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isNotice(value: unknown): value is InjectedNotice {
  if (typeof value !== 'object' || value === null) return false;
  const { code, detail } = value as { code?: unknown; detail?: unknown };
  return typeof code === 'string' && /^dom\.[a-z._]{1,60}$/.test(code) && typeof detail === 'object' && detail !== null;
}
