import type { BrowserContext } from '@playwright/test';
import { shiftClock } from '../determinism/page.js';
import { quietly } from '../quietly.js';
import { prefixWorkers } from './before-script.js';
import { standInForSockets } from './in-worker.js';
import { relaySockets } from './relay.js';

const CHANNEL = 'molar.replay.workers';
/** What stands around the stand-in, by which it is found again in what is recorded of a replay. */
const [BEGIN, END] = ['/*molar-replay:*/', '/*:molar-replay*/'];

/** A script that is strict as a whole says so before anything but comments, and so must what goes before it. */
const STRICT = /^\s*(?:\/\*[\s\S]*?\*\/\s*|\/\/[^\n]*\n\s*)*(['"])use strict\1/;
/** As much of a script as is looked at for that; licences stand before it. */
const HEAD_BYTES = 16_384;

/** How far the pages' clock is moved, or `undefined` where the record has none. */
export type ClockOf = () => number | undefined;

/**
 * Makes workers of a replay part of it. Their requests are held like any other's; their sockets and their clock are theirs
 * alone, and nobody but the worker itself can replace them: a debugging session that holds a new worker is one of several,
 * and any of them lets it go. So the stand-in travels in front of the worker's own script, in its first line.
 */
export class Workers {
  readonly #clock: ClockOf;

  constructor(clock: ClockOf) {
    this.#clock = clock;
  }

  /** Makes the pages of a context open their workers' sockets, and begin workers of their own making as any other. */
  async install(context: BrowserContext): Promise<void> {
    await quietly(context, async () => await context.addInitScript(IN_PAGE));
  }

  /** A worker's script with what goes before its first line. */
  prefixed(script: Buffer): Buffer {
    const directive = STRICT.test(script.toString('latin1', 0, HEAD_BYTES)) ? '"use strict";' : '';
    return Buffer.concat([Buffer.from(`${BEGIN}${directive}(${IN_WORKER})(${this.#clock()});${END}`), script]);
  }

  /** Tells the workers of a context's pages that the clock has moved. */
  arrive(context: BrowserContext): void {
    const by_ms = this.#clock();
    if (by_ms === undefined) return;
    for (const frame of context.pages().flatMap((page) => page.frames())) quietly(frame, async () => await frame.evaluate(tellWorkers, { channel: CHANNEL, by_ms })).catch(() => undefined);
  }
}

/** A script as its server gave it, without what a replay put before it. */
export function asServed(body: Buffer): Buffer {
  if (!body.subarray(0, BEGIN.length).equals(Buffer.from(BEGIN))) return body;
  const end = body.indexOf(END);
  return end === -1 ? body : body.subarray(end + END.length);
}

/**
 * Whether a held request is for the first script of a worker: Chromium names the main resource of a target, a document or such a
 * script, by the target's own token, and all others by process and number (measured with dedicated, module, shared and
 * service workers).
 */
export function isWorkerScript({ resourceType, networkId }: { readonly resourceType?: string; readonly networkId?: string }): boolean {
  return resourceType === 'Other' && /^[0-9A-F]{32}$/.test(networkId ?? '');
}

/**
 * Source of what makes the text that goes before a worker's script; `begin` is the function below. The end mark is written in two
 * pieces, so that the first one found in a recorded script is the end.
 */
const PREFIX_AT = `(by)=>${JSON.stringify(`${BEGIN}(`)}+begin+")("+by+");"+${JSON.stringify(END.slice(0, 3))}+${JSON.stringify(END.slice(3))}`;

/** Source of the function that runs before a worker's first line. It names itself, since a worker may make workers too. */
const IN_WORKER = [
  `function begin(by){const move=${shiftClock.toString()};if(by!==undefined)move(by);`,
  `(${standInForSockets.toString()})(${JSON.stringify(CHANNEL)},move);(${prefixWorkers.toString()})(${PREFIX_AT},()=>{});}`,
].join('');

const IN_PAGE = `{const begin=${IN_WORKER};(${prefixWorkers.toString()})(${PREFIX_AT},(${relaySockets.toString()})(${JSON.stringify(CHANNEL)}));}`;

function tellWorkers({ channel, by_ms }: { channel: string; by_ms: number }): void {
  const workers = new BroadcastChannel(channel);
  workers.postMessage({ kind: 'clock', by_ms });
  workers.close();
}
