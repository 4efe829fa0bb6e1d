import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Loader {
  load(backend: unknown): Promise<void>;
  readonly contextEntries: readonly { readonly actions: readonly { readonly title?: string; readonly method?: string }[]; readonly resources: readonly { readonly request: { readonly url: string } }[] }[];
}

interface Bundle {
  readonly iso: { readonly TraceLoader: new () => Loader };
  readonly tools: { readonly DirTraceLoaderBackend: new (dir: string) => unknown; extractTrace(file: string, dir: string): Promise<void> };
}

/** What Playwright's own viewer finds in a trace file. */
export async function playwrightTrace(zip: string): Promise<{ readonly methods: readonly string[]; readonly urls: readonly string[] }> {
  const { iso, tools } = createRequire(createRequire(import.meta.url).resolve('@playwright/test'))('playwright-core/lib/coreBundle') as Bundle;
  const dir = mkdtempSync(join(tmpdir(), 'molar-trace-zip-'));
  try {
    await tools.extractTrace(zip, dir);
    const loader = new iso.TraceLoader();
    await loader.load(new tools.DirTraceLoaderBackend(dir));
    return {
      methods: loader.contextEntries.flatMap(({ actions }) => actions.map(({ method }) => method ?? '')),
      urls: loader.contextEntries.flatMap(({ resources }) => resources.map(({ request }) => request.url)),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
