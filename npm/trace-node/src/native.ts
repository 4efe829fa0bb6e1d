import { join } from 'node:path';

import type * as Binding from '../binding.cjs';

export type {
  AskedRequest,
  EventsOptions,
  FinishReport,
  PruneReport,
  RecorderLimits,
  RecorderOptions,
  RecoverReport,
  ReplaySourceOptions,
  ServerOptions,
  VaultSecret,
} from '../binding.cjs';

/** The addon could not be loaded; `cause` tells what the loader saw. */
export class AddonMissingError extends Error {
  /** Stable code. */
  readonly code = 'ADDON_MISSING';
  override readonly name = 'AddonMissingError';
}

/** The addon's own exports; everything public stands in front of them with types of its own. */
export const native: typeof Binding = load();

function load(): typeof Binding {
  try {
    return require('../binding.cjs') as typeof Binding;
  } catch (cause) {
    const triple = platformTriple();
    const reason = cause instanceof Error ? ` (${firstLine(cause)})` : '';
    throw new AddonMissingError(
      `the native addon of @molar/trace-node for ${triple} was not loaded${reason}; looked for ` +
        `\`${require('node:path').join(__dirname, '..', `binding.${triple}.node`)}\` and the package ` +
        `\`@molar/trace-node-${triple}\`. In a checkout, build it with \`npm run build -w npm/trace-node\` (needs Rust); ` +
        'in a project, reinstall with optional dependencies allowed (`npm install --include=optional`)',
      { cause },
    );
  }
}

function platformTriple(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `${platform}-${arch}-msvc`;
  return platform === 'linux' ? `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}` : `${platform}-${arch}`;
}

function isMusl(): boolean {
  const report: unknown = process.report.getReport();
  const header: unknown = typeof report === 'object' && report !== null ? Reflect.get(report, 'header') : null;
  return typeof header === 'object' && header !== null && !Reflect.has(header, 'glibcVersionRuntime');
}

/** The deepest cause says what the dynamic linker said; the generated loader's own text is about npm. */
function firstLine(error: Error): string {
  let deepest: Error = error;
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest.message.split('\n', 1)[0] ?? '';
}
