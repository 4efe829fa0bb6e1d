import type { ReplaySource } from '../source.js';
import type { TapedCall } from './tape.js';
import { Tape } from './tape.js';

/** The calls of a recorded test; nothing where no Playwright trace stands beside its record. */
export function readTape(source: Pick<ReplaySource, 'tape'>): Tape | undefined {
  const lines = source.tape();
  return lines === '' ? undefined : new Tape(lines.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as TapedCall));
}
