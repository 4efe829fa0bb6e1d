import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ChannelCall } from '../playwright/privates.js';
import { property } from '../playwright/privates.js';
import { guardedAsync } from '../problems.js';
import type { Session } from '../session.js';
import type { Body, Exchange } from './exchange.js';
import { header, limited } from './exchange.js';
import { readUpTo } from './files.js';

const MAX_FILES = 1_000;
const BREAK = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

interface Chosen {
  readonly files: string[];
  readonly directories: string[];
}

const chosen = new WeakMap<Session, Chosen>();

/**
 * Remembers the paths that a test puts into a file input. Chromium reads such files itself and hands out uploads
 * without their bytes, so this is the only place where they can still be found.
 */
export function noteChosenFiles(session: Session, { method, params }: ChannelCall): void {
  if (method !== 'setInputFiles') return;
  const known = chosen.get(session) ?? { files: [], directories: [] };
  chosen.set(session, known);
  const paths = property(params, 'localPaths');
  if (Array.isArray(paths)) known.files.push(...paths.filter((path) => typeof path === 'string'));
  const directory = property(params, 'localDirectory');
  if (typeof directory === 'string') known.directories.push(directory);
}

/** Whether a test has put files into an input. */
export function hasChosenFiles(session: Session): boolean {
  return chosen.has(session);
}

/** The body of a request with the bytes of chosen files put in where they are missing. */
export async function fromFiles(session: Session, exchange: Exchange, data: Buffer | undefined, limit: number): Promise<Body> {
  const declared = Number(header(exchange.requestHeaders, 'content-length'));
  if (declared === 0) return { data: Buffer.alloc(0) };
  const paths = await guardedAsync('the files of an upload', async () => await pathsOf(session));
  if (paths && paths.length > 0 && !(data && data.length === declared)) {
    const found = await guardedAsync('the files of an upload', async () => await completed(exchange, data, paths, limit));
    if (found) return found;
  }
  return data ? limited(data, limit) : { missing: 'the browser did not hand it over' };
}

async function completed(exchange: Exchange, data: Buffer | undefined, paths: readonly string[], limit: number): Promise<Body | undefined> {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(header(exchange.requestHeaders, 'content-type') ?? '')?.[1];
  if (boundary && data) return await withParts(data, boundary, paths, limit);
  // A file sent as the whole body: only its size tells which one it was.
  if (data && data.length > 0) return undefined;
  const declared = Number(header(exchange.requestHeaders, 'content-length'));
  const files = await Promise.all([...new Set(paths)].map(async (path) => await readUpTo(path, limit)));
  const fitting = files.filter((file) => file && (Number.isNaN(declared) || sizeOf(file) === declared));
  return fitting.length === 1 ? fitting[0] : undefined;
}

interface Part {
  /** Where the part's own bytes begin and end in the body as it was handed out. */
  readonly from: number;
  readonly to: number;
  readonly file: string | undefined;
}

async function withParts(data: Buffer, boundary: string, paths: readonly string[], limit: number): Promise<Body | undefined> {
  const left = [...paths];
  const pieces: Buffer[] = [];
  let [done, size, changed] = [0, 0, false];
  for (const { from, to, file } of partsOf(data, boundary)) {
    const at = file === undefined || to > from ? -1 : left.findIndex((path) => basename(path) === basename(file));
    const path = left[at];
    if (path === undefined) continue;
    const found = await readUpTo(path, limit);
    if (!found || sizeOf(found) === 0) continue;
    left.splice(at, 1);
    pieces.push(data.subarray(done, from), found.data);
    size += from - done + sizeOf(found);
    done = from;
    changed = true;
  }
  if (!changed) return undefined;
  pieces.push(data.subarray(done));
  const kept = cutToPrefix(pieces, limit);
  const all = size + data.length - done;
  return all > kept.length ? { data: kept, truncated: all - kept.length } : { data: kept };
}

/** The parts of a multipart body, with the file names they bear. */
export function partsOf(data: Buffer, boundary: string): Part[] {
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = data.indexOf(mark);
  while (at >= 0) {
    const headEnd = data.indexOf(HEAD_END, at);
    const next = data.indexOf(mark, at + mark.length);
    if (headEnd < 0 || next < 0) break;
    const from = headEnd + HEAD_END.length;
    const head = data.toString('utf8', at, headEnd);
    const file = /\bfilename="([^"]*)"/i.exec(head)?.[1];
    parts.push({ from, to: Math.max(from, next - BREAK.length), file: file || undefined });
    at = next;
  }
  return parts;
}

function cutToPrefix(pieces: readonly Buffer[], limit: number): Buffer {
  const kept: Buffer[] = [];
  let room = limit;
  for (const piece of pieces) {
    if (room <= 0) break;
    kept.push(piece.subarray(0, room));
    room -= piece.length;
  }
  return Buffer.concat(kept);
}

function sizeOf({ data, truncated = 0 }: { readonly data: Buffer; readonly truncated?: number }): number {
  return data.length + truncated;
}

async function pathsOf(session: Session): Promise<readonly string[]> {
  const known = chosen.get(session);
  if (!known) return [];
  const inside = await Promise.all(
    known.directories.map(async (directory) => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? directory, entry.name));
    }),
  );
  return [...known.files, ...inside.flat()].slice(-MAX_FILES);
}
