/** Playwright's own way to keep a call out of steps, traces and timeouts of the user's test; not part of its API. */
interface Wrapping {
  _wrapApiCall?: (run: () => Promise<unknown>, options: { internal: boolean }) => Promise<unknown>;
}

/** Whether calls on this object can be hidden from the user's report. */
export function canBeQuiet(owner: object): boolean {
  return typeof (owner as Wrapping)._wrapApiCall === 'function';
}

/** Runs a Playwright call hidden from reports where this version allows it, and plainly where not. */
export async function quietly<T>(owner: object, run: () => Promise<T>): Promise<T> {
  const wrapping = owner as Wrapping;
  if (typeof wrapping._wrapApiCall !== 'function') return await run();
  return (await wrapping._wrapApiCall(run, { internal: true })) as T;
}
