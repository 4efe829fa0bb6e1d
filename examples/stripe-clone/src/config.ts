/** What a clone process is told from outside. */
export interface CloneConfig {
  /** `CLONE_PORT`: port of the vendor API, 0 chooses a free one. */
  vendorPort: number;
  /** `CLONE_ADMIN_PORT`: port of the admin API, 0 chooses a free one. */
  adminPort: number;
  /** `CLONE_ADMIN_TOKEN`: when set, each admin call needs it as a bearer token. */
  adminToken: string | undefined;
  /** `CLONE_SEED`: seed of a run nobody seeded. */
  seed: string;
  /** `CLONE_MAX_SNAPSHOT_BYTES`: largest snapshot, packed or unpacked, in bytes. */
  maxSnapshotBytes: number;
  /** `CLONE_RUN_TTL_MS`: a run idle for longer is dropped. */
  runTtlMs: number;
  /** `CLONE_WEBHOOK_TIMEOUT_MS`: how long a webhook receiver may take to answer. */
  webhookTimeoutMs: number;
}

/** Reads the configuration from the environment; nothing else in the clone looks there. */
export function configFromEnv(env: NodeJS.ProcessEnv): CloneConfig {
  return {
    vendorPort: wholeNumber(env, 'CLONE_PORT', 0),
    adminPort: wholeNumber(env, 'CLONE_ADMIN_PORT', 0),
    adminToken: env['CLONE_ADMIN_TOKEN'] || undefined,
    seed: env['CLONE_SEED'] || 'molar-sdk-seed',
    maxSnapshotBytes: wholeNumber(env, 'CLONE_MAX_SNAPSHOT_BYTES', 100 * 1024 * 1024),
    runTtlMs: wholeNumber(env, 'CLONE_RUN_TTL_MS', 6 * 3_600_000),
    webhookTimeoutMs: wholeNumber(env, 'CLONE_WEBHOOK_TIMEOUT_MS', 4000),
  };
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`\`${name}\` must be a whole number, got \`${text}\``);
  return value;
}
