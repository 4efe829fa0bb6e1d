/**
 * Origins that documents of one context had. A context that was made while we were watching begins without any storage,
 * and so does each of its origins: what is followed before its first document comes needs not be looked for.
 */
export class Origins {
  readonly #seen = new Set<string>();
  #isWhole: boolean;

  /** `isWhole` says that nothing happened in the context before it was watched. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  /** A document came. One that nobody says the origin of may be of any. */
  saw(origin: string | undefined): void {
    if (origin === undefined) this.#isWhole = false;
    else this.#seen.add(`${origin}/`);
  }

  /** Whether there never was a document that could have kept anything under this storage key of an origin. */
  isUntouched(storageKey: string): boolean {
    return this.#isWhole && !this.#seen.has(storageKey);
  }
}
