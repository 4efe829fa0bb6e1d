import type { Locator, Page } from '@playwright/test';
import { basename } from 'node:path';
import type { Call } from '../calls/connection.js';
import { quietly } from '../quietly.js';
import type { FieldPart } from './state.js';

type Files = Parameters<Locator['setInputFiles']>[0];

interface Payload {
  readonly name: string;
  readonly mimeType?: string;
  readonly buffer: Buffer;
}

/** Chooses the files of some fields once more, out of what the skipped calls gave; the names of those that no call gave. */
export async function chooseAgain(page: Page, fields: readonly FieldPart[], chosen: readonly Call[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { at, files = [] } of fields) {
    const given = chosen.map(({ params }) => givenBy(params)).filter((one) => one?.names.join('\n') === files.join('\n')).at(-1);
    const field = page.locator(at.split(' >>> ').map((path) => `css=${path}`).join(' >> '));
    if (!given || !(await choose(field, given.files, files))) missing.push(...files);
  }
  return missing;
}

async function choose(field: Locator, files: Files, names: readonly string[]): Promise<boolean> {
  try {
    await quietly(field.page(), async () => await field.setInputFiles(files));
    const now = await quietly(field.page(), async () => await field.evaluate((input) => [...((input as HTMLInputElement).files ?? [])].map(({ name }) => name)));
    return now.join('\n') === names.join('\n');
  } catch {
    return false;
  }
}

/** What a call chose; nothing for files that were sent to a browser elsewhere. */
function givenBy(params: Readonly<Record<string, unknown>>): { readonly names: readonly string[]; readonly files: Files } | undefined {
  const { payloads, localPaths } = params as { readonly payloads?: readonly Payload[]; readonly localPaths?: readonly string[] };
  if (localPaths) return { names: localPaths.map((path) => basename(path)), files: [...localPaths] };
  if (!payloads) return undefined;
  return { names: payloads.map(({ name }) => name), files: payloads.map(({ name, mimeType = 'application/octet-stream', buffer }) => ({ name, mimeType, buffer })) };
}
