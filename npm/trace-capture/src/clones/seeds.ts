/** Seeds of the clones for `run.start`: `MOLAR_CLONE_<KIND>_SEED`. */
export function cloneSeeds(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const seeds: Record<string, string> = {};
  for (const [name, seed] of Object.entries(env)) {
    const kind = /^MOLAR_CLONE_([A-Z0-9_]+)_SEED$/.exec(name)?.[1];
    if (kind && seed) seeds[kind.toLowerCase().replaceAll('_', '-')] = seed;
  }
  return seeds;
}
