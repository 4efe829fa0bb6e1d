import type { CloneOptions } from '../options/index.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The clones of the options, and those the environment announces: `MOLAR_CLONE_<KIND>_ADMIN_URL`, else `…_URL`. */
export function discover(chosen: readonly CloneOptions[], env: Environment): readonly CloneOptions[] {
  const found: CloneOptions[] = [...chosen];
  for (const [name, admin] of Object.entries(env)) {
    const kind = /^MOLAR_CLONE_([A-Z0-9_]+?)_ADMIN_URL$/.exec(name)?.[1];
    if (!kind || !admin) continue;
    add(found, kind, admin, env);
  }
  for (const [name, url] of Object.entries(env)) {
    const kind = /^MOLAR_CLONE_([A-Z0-9_]+?)_URL$/.exec(name)?.[1];
    // `…_ADMIN_URL` matches too, as the kind `<KIND>_ADMIN`.
    if (!kind || !url || kind.endsWith('_ADMIN') || !URL.canParse(url)) continue;
    add(found, kind, new URL(url).origin, env);
  }
  return found;
}

/** Where the clones stand, for `run.start`: a replay on the record alone tells its suite the same, so that its requests are those of the record. */
export function clonePlaces(chosen: readonly CloneOptions[], env: Environment): Record<string, Record<string, string>> {
  const place = ({ kind, admin, run }: CloneOptions): Record<string, string> => {
    const url = env[`MOLAR_CLONE_${kind.toUpperCase().replaceAll('-', '_')}_URL`];
    return { admin: withoutSecrets(admin), run, ...(url && URL.canParse(url) ? { url: withoutSecrets(url) } : {}) };
  };
  return Object.fromEntries(discover(chosen, env).filter(({ admin }) => URL.canParse(admin)).map((clone) => [clone.kind, place(clone)]));
}

/** Scheme, host, port and path: what else an address has may be a credential. */
function withoutSecrets(address: string): string {
  const { origin, pathname } = new URL(address);
  return origin + (pathname === '/' ? '' : pathname);
}

function add(found: CloneOptions[], upperKind: string, admin: string, env: Environment): void {
  const kind = upperKind.toLowerCase().replaceAll('_', '-');
  if (found.some((clone) => clone.kind === kind)) return;
  const run = env[`MOLAR_CLONE_${upperKind}_RUN`] ?? env['MOLAR_CLONE_RUN'] ?? runInPath(env[`MOLAR_CLONE_${upperKind}_URL`]);
  const token = env[`MOLAR_CLONE_${upperKind}_TOKEN`] ?? env['MOLAR_CLONE_TOKEN'];
  if (run) found.push({ kind, admin, run, ...(token ? { token } : {}) });
}

/** The vendor side of a clone serves a run under `/t/{run}`. */
function runInPath(url: string | undefined): string | undefined {
  return /\/t\/([A-Za-z0-9._-]+)/.exec(url ?? '')?.[1];
}
