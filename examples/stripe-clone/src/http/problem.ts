import type { JsonObject } from '../canonical-json.js';

const STATUS = {
  bad_request: 400, run_mismatch: 400, unauthenticated: 401, wrong_run: 403, run_not_found: 404, snapshot_not_found: 404,
  not_found: 404, method_not_allowed: 405, state_conflict: 409, idempotency_key_reuse: 409, rev_gone: 410, epoch_conflict: 412,
  too_large: 413, unsupported_media: 415, schema_unsupported: 422, digest_mismatch: 422, clock_backwards: 422, busy: 503,
  internal: 500, unimplemented: 501,
} as const;
/** Stable part of an admin error. */
export type ProblemCode = keyof typeof STATUS;

const RETRY_AFTER_MS = 1000;

/** An admin error that becomes `application/problem+json`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly extra: JsonObject;

  constructor(code: ProblemCode, detail: string, extra: JsonObject = {}) {
    super(detail);
    this.code = code;
    this.status = STATUS[code];
    this.extra = code === 'busy' ? { retry_after_ms: RETRY_AFTER_MS, ...extra } : extra;
  }

  /** The body that goes over the wire. */
  body(run: string | undefined): JsonObject {
    return {
      type: `urn:molar:clone:${this.code}`, title: this.code.replaceAll('_', ' '), status: this.status,
      detail: this.message, code: this.code, ...(run === undefined ? {} : { run }), ...this.extra,
    };
  }
}

/** Shorthand for `new Problem(…)`. */
export function problem(code: ProblemCode, detail: string, extra: JsonObject = {}): Problem {
  return new Problem(code, detail, extra);
}
