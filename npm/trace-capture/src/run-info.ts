import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { arch, platform, release } from 'node:os';
import type { Settings } from './options/index.js';

/** What the environment says about the run; every field may be missing on a laptop. */
export interface RunInfo {
  readonly id: string;
  readonly source: NonNullable<Settings['source']>;
  readonly code_sha?: string;
  readonly branch?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the run once, in the process that loads the config first; all workers inherit it through the environment. */
export function shareRunId(env: Environment & NodeJS.ProcessEnv = process.env): string {
  env['MOLAR_TRACE_RUN_ID'] ??= runIdOf(env);
  return env['MOLAR_TRACE_RUN_ID'];
}

/** The CI job's own name of this run, so that its shards meet under one id; a random one elsewhere. */
export function runIdOf(env: Environment): string {
  const parts = [env['GITHUB_RUN_ID'], env['GITHUB_RUN_ATTEMPT']].filter(Boolean);
  const found = (parts.length > 0 && `gh-${parts.join('-')}`) || env['CI_PIPELINE_ID'] || env['BUILDKITE_BUILD_ID'] || env['CIRCLE_WORKFLOW_ID'] || env['BUILD_TAG'];
  return found ? found.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 128) : randomUUID();
}

/** Run, commit and branch, from CI variables where there are some, else from git in the config's directory. */
export function runInfo(settings: Settings, directory: string): RunInfo {
  const { env } = process;
  const sha = env['MOLAR_TRACE_CODE_SHA'] ?? env['GITHUB_SHA'] ?? env['CI_COMMIT_SHA'] ?? env['CIRCLE_SHA1'] ?? env['BUILDKITE_COMMIT'] ?? env['GIT_COMMIT'];
  const branch = env['MOLAR_TRACE_BRANCH'] ?? env['GITHUB_HEAD_REF'] ?? env['GITHUB_REF_NAME'] ?? env['CI_COMMIT_REF_NAME'] ?? env['CIRCLE_BRANCH'] ?? env['BUILDKITE_BRANCH'];
  const code_sha = sha || git(directory, 'rev-parse', 'HEAD');
  const name = branch || git(directory, 'rev-parse', '--abbrev-ref', 'HEAD');
  return {
    id: shareRunId(),
    source: settings.source ?? sourceOf(env),
    ...(code_sha ? { code_sha } : {}),
    ...(name && name !== 'HEAD' ? { branch: name } : {}),
  };
}

/** Why the run happens. */
export function sourceOf(env: Environment): RunInfo['source'] {
  const event = env['GITHUB_EVENT_NAME'] ?? env['CI_PIPELINE_SOURCE'] ?? '';
  if (event === 'schedule') return 'schedule';
  if (/pull_request|merge_request|external_pull/.test(event) || env['GITHUB_HEAD_REF']) return 'pr';
  return 'manual';
}

/** Machine and runtime, for `run.start`. */
export function machine(): Record<string, string> {
  return { node: process.version, os: `${platform()} ${release()} ${arch()}`, ...(process.env['CI'] ? { ci: process.env['CI'] } : {}) };
}

const answers = new Map<string, string | undefined>();

/** Asked once per process, bounded: a repository on a slow disk must not slow every test. */
function git(directory: string, ...args: string[]): string | undefined {
  const key = `${directory} ${args.join(' ')}`;
  if (!answers.has(key)) {
    try {
      const text = execFileSync('git', args, { cwd: directory, timeout: 1_000, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      answers.set(key, text.trim() || undefined);
    } catch {
      // No git or no repository: the fields stay absent, which the format allows.
      answers.set(key, undefined);
    }
  }
  return answers.get(key);
}
