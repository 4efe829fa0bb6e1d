import { current } from '../context.js';

type Format = (date?: Date | number) => string;

/** Gives `format` and `formatToParts` of `Intl.DateTimeFormat` the request's time where they are called without one. */
export function patchIntl(): void {
  const prototype = Intl.DateTimeFormat.prototype;
  const realFormat = Object.getOwnPropertyDescriptor(prototype, 'format')?.get as (this: Intl.DateTimeFormat) => Format;
  const realParts = prototype.formatToParts;
  const formats = new WeakMap<Intl.DateTimeFormat, Format>();

  // `format` is a getter that gives each formatter one bound function, and code compares and keeps it.
  const formatOf = function (this: Intl.DateTimeFormat): Format {
    const real = realFormat.call(this);
    const known = formats.get(this);
    if (known) return known;
    const format: Format = (date) => real(date ?? presentFor(date));
    formats.set(this, format);
    return format;
  };
  Object.defineProperty(prototype, 'format', { get: formatOf, enumerable: false, configurable: true });
  prototype.formatToParts = function formatToParts(date) {
    return realParts.call(this, date ?? presentFor(date));
  };
}

/** Only `undefined` means the present; `null` is a number to `Intl`. */
function presentFor(date: Date | number | undefined): Date | number | undefined {
  return date === undefined ? current()?.clock?.now() : date;
}
