import type { JsonObject } from '../canonical-json.js';

/** Stripe's error types. */
export type StripeErrorType = 'invalid_request_error' | 'card_error' | 'api_error' | 'idempotency_error';

/** An error in Stripe's shape. */
export class StripeError extends Error {
  readonly status: number;
  readonly type: StripeErrorType;
  readonly extra: JsonObject;

  constructor(status: number, type: StripeErrorType, message: string, extra: JsonObject = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.extra = extra;
  }

  /** The `{error: …}` body. */
  body(requestId: string): JsonObject {
    return { error: { type: this.type, message: this.message, request_id: requestId, ...this.extra } };
  }
}

/** 400 for a parameter that is absent. */
export function missingParam(param: string): StripeError {
  return new StripeError(400, 'invalid_request_error', `Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

/** 400 for a parameter with an impossible value. */
export function invalidParam(param: string, message: string): StripeError {
  return new StripeError(400, 'invalid_request_error', message, { code: 'parameter_invalid', param });
}

/** 404 for an id nobody knows (400 when it came as a parameter, as Stripe does). */
export function noSuch(noun: string, id: string, param = 'id'): StripeError {
  return new StripeError(param === 'id' ? 404 : 400, 'invalid_request_error', `No such ${noun}: '${id}'`, { code: 'resource_missing', param });
}
