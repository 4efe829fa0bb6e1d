import type { AttributeValue } from '../rrweb-types.js';
import type { FieldMask } from './rules.js';
import { cleanUrl, fixedStars, isSensitiveName, stars } from './text.js';

/** What the masking of one element's attributes depends on. */
export interface AttributeContext {
  /** Lower-case tag name. */
  readonly tag: string;
  readonly masked: boolean;
  readonly field: FieldMask;
}

type Attributes = Record<string, AttributeValue>;

const URL_ATTRIBUTES = words('href src action formaction poster data cite srcset imagesrcset xlink:href rr_src background ping longdesc');
/** Under a masked ancestor only these keep their value: they shape the page and say nothing about its user. */
const KEPT_UNDER_MASK = words(
  'id class style type name role dir lang hidden disabled readonly required checked selected multiple open width height ' +
    'colspan rowspan tabindex for rel media _cssText draggable contenteditable spellcheck autocomplete maxlength minlength ' +
    'size rows cols span start wrap slot part is inert popover aria-hidden aria-expanded aria-selected aria-checked ' +
    'aria-disabled aria-busy aria-live aria-haspopup aria-controls aria-labelledby aria-describedby aria-level aria-modal ' +
    'aria-pressed aria-required aria-invalid aria-orientation xmlns viewBox d x y x1 x2 y1 y2 cx cy r rx ry fill stroke ' +
    'stroke-width stroke-linecap stroke-linejoin transform points opacity clip-path clip-rule fill-rule preserveAspectRatio',
);
/** Dropped wherever they stand: the frame's own document is recorded, and a nonce only defeats deduplication. */
const ALWAYS_DROPPED = words('srcdoc nonce');

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/**
 * Masks a serialized element's attributes in place. A dropped attribute becomes `null`, which an attribute change reads
 * as a removal; a full node loses it through `dropNulls`.
 */
export function maskAttributes(attributes: Attributes, context: AttributeContext): void {
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (typeof value === 'string') attributes[name] = maskedValue(name, value, context, attributes);
  }
}

/** Removes the attributes that masking set to `null` from a full node. */
export function dropNulls(attributes: Attributes): void {
  for (const name of Object.keys(attributes)) if (attributes[name] === null) Reflect.deleteProperty(attributes, name);
}

function maskedValue(name: string, value: string, context: AttributeContext, all: Attributes): string | null {
  const lower = name.toLowerCase();
  if (ALWAYS_DROPPED.has(lower)) return null;
  if (lower === 'value' && context.field === 'secret') return fixedStars(value);
  if (lower === 'value' && (context.field === 'masked' || context.masked)) return stars(value);
  if (context.tag === 'meta' && lower === 'content' && isSecretMeta(all)) return fixedStars(value);
  if (URL_ATTRIBUTES.has(lower)) return context.masked ? null : cleanUrl(value);
  if (context.masked) return KEPT_UNDER_MASK.has(name) || lower.startsWith('rr_') ? value : stars(value);
  return lower.startsWith('data-') && isSensitiveName(lower) ? fixedStars(value) : value;
}

function isSecretMeta(attributes: Attributes): boolean {
  const { name } = attributes;
  return typeof name === 'string' && isSensitiveName(name);
}
