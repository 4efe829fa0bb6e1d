import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Settings } from './options/index.js';
import { statSync } from 'node:fs';

/** Which of Playwright's processes this is. */
export type Role = 'runner' | 'worker' | 'other';

/** How the file begins that Playwright starts its workers with. */
export const WORKER_ENTRY = 'workerProcessEntry';

/** Told by the entry file, since variables such as `TEST_WORKER_INDEX` leak into everything a worker starts. */
export function role(argv: readonly string[] = process.argv): Role {
  const entry = basename(argv[1] ?? '');
  if (entry.startsWith(WORKER_ENTRY)) return 'worker';
  if (entry.startsWith('loaderProcessEntry')) return 'other';
  return 'runner';
}

/** The directory of the config file as the runner's command line names it; where it was started otherwise. */
export function configDirectory(argv: readonly string[] = process.argv, cwd: string = process.cwd()): string {
  const at = argv.findIndex((word) => word === '-c' || word === '--config');
  const joined = argv.find((word) => word.startsWith('--config='))?.slice('--config='.length);
  const named = joined ?? (at === -1 ? undefined : argv[at + 1]);
  if (named === undefined) return cwd;
  const path = resolve(cwd, named);
  return isDirectory(path) ? path : dirname(path);
}

/** Where traces go: the chosen directory, else `.molar` beside the config. */
export function traceRoot(chosen: string | undefined, config: string): string {
  if (chosen === undefined) return join(config, '.molar');
  return isAbsolute(chosen) ? chosen : resolve(config, chosen);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Root directory, organisation and server of a recorder. */
export interface Placement {
  readonly root: string;
  readonly org?: string;
  readonly server?: { readonly url: string; readonly key: string };
}

/** Where the traces of a suite go, by its settings. */
export function placement(settings: Pick<Settings, 'dir' | 'org' | 'url' | 'key'>, config: string): Placement {
  const { dir, org, url, key } = settings;
  return {
    root: traceRoot(dir, config),
    ...(org === undefined ? {} : { org }),
    ...(url === undefined ? {} : { server: { url, key: key ?? '' } }),
  };
}
