import { open } from 'node:fs/promises';
import type { Body } from './exchange.js';

/** The first bytes of a file as a body that says how many more there are; `undefined` where there is no such file. */
export async function readUpTo(path: string, limit: number): Promise<Extract<Body, { data: Buffer }> | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, limit)), position: 0 });
    const data = buffer.subarray(0, bytesRead);
    return size > data.length ? { data, truncated: size - data.length } : { data };
  } finally {
    await file.close();
  }
}
