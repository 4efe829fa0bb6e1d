import type { Natives } from '../natives.js';
import type { InjectedNotice, InjectedOptions } from '../wire.js';
import { isSensitiveName } from './text.js';

const ALWAYS_MASKED_AUTOCOMPLETE = /(^|\s)(cc-[a-z-]+|current-password|new-password|one-time-code)(\s|$)/i;
const FIELDS: ReadonlySet<string> = new Set(['INPUT', 'TEXTAREA', 'SELECT']);
const EDITABLE = '[contenteditable]:not([contenteditable="false"])';

/** How much of a form field's value may be recorded. */
export type FieldMask = 'clear' | 'masked' | 'secret';

type Notice = (code: string, detail: InjectedNotice['detail']) => void;

/** Answers, for live nodes, what must not leave the page. Follows the composed tree, where `closest()` stops short. */
export class MaskRules {
  readonly masksTitle: boolean;
  readonly #natives: Natives;
  /** What starts a masked region; empty when nothing does. */
  readonly textSelector: string;
  readonly #inputSelector: string;
  readonly #allInputs: boolean;
  /** An invalid selector masks everything: a privacy rule that cannot be read is not a permission. */
  readonly #everything: boolean;
  /** Nodes once under a mask stay masked when the page moves or detaches them. */
  readonly #remembered = new WeakSet<Node>();
  readonly #wasPassword = new WeakSet<Element>();

  constructor(natives: Natives, options: InjectedOptions, notice: Notice) {
    this.#natives = natives;
    const inputs = options.mask_inputs;
    const selectors = typeof inputs === 'string' ? [] : inputs;
    const bad = [...options.mask_text, ...selectors, ...options.block].filter((selector) => !isSelector(selector));
    for (const selector of bad) notice('dom.mask.invalid_selector', { selector });
    this.#everything = bad.length > 0;
    this.#allInputs = inputs === 'all';
    this.masksTitle = options.mask_text.length > 0 || this.#everything;
    const editable = this.#allInputs ? [EDITABLE] : [];
    this.textSelector = [...options.mask_text.filter(isSelector), ...editable, '.rr-mask'].join(',');
    this.#inputSelector = selectors.filter(isSelector).join(',');
  }

  /** Whether text directly inside this node is masked, by itself or by any composed ancestor. `memo` lasts one event. */
  isMasked(node: Node, memo: Map<Node, boolean>): boolean {
    if (this.#everything) return true;
    const known = memo.get(node);
    if (known !== undefined) return known;
    const parent = this.#natives.composedParent(node);
    const masked = this.isMaskRoot(node) || (parent !== null && this.isMasked(parent, memo));
    memo.set(node, masked);
    if (masked) this.#remembered.add(node);
    return masked;
  }

  /** Whether this node starts a masked region, or was once inside one. */
  isMaskRoot(node: Node): boolean {
    if (this.#everything || this.#remembered.has(node)) return true;
    if (node.nodeType !== 1) return false;
    const element = node as Element;
    if (this.#natives.matches(element, this.textSelector)) return true;
    return element.tagName === 'SELECT' && this.field(element) !== 'clear';
  }

  /** Whether this node was inside a masked region before. */
  hasMasked(node: Node): boolean {
    return this.#everything || this.#remembered.has(node);
  }

  remember(node: Node): void {
    this.#remembered.add(node);
  }

  /** What may be recorded of the value of this element, leaving masked ancestors aside. */
  field(element: Element): FieldMask {
    if (!FIELDS.has(element.tagName)) return 'clear';
    if (this.#isSecret(element)) return 'secret';
    if (this.#everything || this.#allInputs) return 'masked';
    return this.#inputSelector !== '' && this.#natives.matches(element, this.#inputSelector) ? 'masked' : 'clear';
  }

  /** Whether what this secret field holds is secret elsewhere too. Hidden fields mostly hold ids, so those need a name that says so. */
  isTeaching(element: Element): boolean {
    if (this.#natives.attribute(element, 'type')?.toLowerCase() !== 'hidden') return true;
    return ['name', 'id'].some((name) => isSensitiveName(this.#natives.attribute(element, name) ?? ''));
  }

  #isSecret(element: Element): boolean {
    const type = (this.#natives.attribute(element, 'type') ?? '').toLowerCase();
    if (type === 'password') this.#wasPassword.add(element);
    if (type === 'hidden' || this.#wasPassword.has(element)) return true;
    // rrweb leaves this mark when a "show password" button turns the field into plain text.
    if (this.#natives.attribute(element, 'data-rr-is-password') !== null) return true;
    return ALWAYS_MASKED_AUTOCOMPLETE.test(this.#natives.attribute(element, 'autocomplete') ?? '');
  }
}

/** Whether the browser can read this selector. */
export function isSelector(selector: string): boolean {
  try {
    document.createDocumentFragment().querySelector(selector);
    return true;
  } catch {
    return false;
  }
}
