import type { InputData, Mirror, MutationData, RrwebEvent, SerializedNode } from '../rrweb-types.js';
import { EventType, NodeType, Source } from '../rrweb-types.js';
import { dropNulls, maskAttributes } from './attributes.js';
import type { MaskRules } from './rules.js';
import { cleanUrl, fixedStars, stars } from './text.js';

const UNMASKED_TEXT_PARENTS: ReadonlySet<string> = new Set(['style', 'script']);

/**
 * Second masking pass over every event before it leaves the page. rrweb's own masking stops at shadow roots and frames
 * and leaves attributes, titles, options and hidden fields in clear. A node this pass cannot find is masked.
 */
export class EventMasker {
  readonly #rules: MaskRules;
  readonly #mirror: Mirror;
  readonly #teach: (value: string) => void;

  /** `teach` is told what secret fields hold, so that it goes from every other channel too. */
  constructor(rules: MaskRules, mirror: Mirror, teach: (value: string) => void) {
    this.#rules = rules;
    this.#mirror = mirror;
    this.#teach = teach;
  }

  /** Masks the event in place. A throw means the event must not be sent. */
  apply(event: RrwebEvent): void {
    if (event.type === EventType.meta) this.#meta(event.data as { href?: unknown });
    else if (event.type === EventType.fullSnapshot) this.#tree((event.data as { node: SerializedNode }).node, false, '');
    else if (event.type === EventType.incremental) this.#incremental(event.data as { source: number });
  }

  #meta(data: { href?: unknown }): void {
    if (typeof data.href === 'string') data.href = cleanUrl(data.href);
  }

  #incremental(data: { source: number }): void {
    if (data.source === Source.mutation) this.#mutation(data as MutationData);
    else if (data.source === Source.input) this.#input(data as InputData);
  }

  #mutation(data: MutationData): void {
    const memo = new Map<Node, boolean>();
    for (const add of data.adds) this.#added(add.parentId, add.node, memo);
    for (const text of data.texts) text.value = this.#text(text.id, text.value, memo);
    for (const change of data.attributes) {
      const element = this.#element(change.id);
      const masked = element === undefined || this.#rules.isMasked(element, memo);
      const tag = element?.tagName.toLowerCase() ?? 'input';
      maskAttributes(change.attributes, { tag, masked, field: element ? this.#rules.field(element) : 'secret' });
    }
  }

  #added(parentId: number, node: SerializedNode, memo: Map<Node, boolean>): void {
    const parent = this.#mirror.getNode(parentId);
    this.#tree(node, parent === null || this.#rules.isMasked(parent, memo), parent?.nodeName.toLowerCase() ?? '');
  }

  #text(id: number, value: string | null, memo: Map<Node, boolean>): string | null {
    const node = this.#mirror.getNode(id);
    const parent = node?.parentNode ?? null;
    const masked = node === null || this.#rules.isMasked(node, memo);
    return value === null ? null : this.#maskedText(value, masked, parent?.nodeName.toLowerCase() ?? '');
  }

  #input(data: InputData): void {
    if (typeof data.text !== 'string') return;
    const element = this.#element(data.id);
    if (element === undefined || this.#rules.field(element) === 'secret') {
      if (element !== undefined && this.#rules.isTeaching(element)) this.#teach(data.text);
      data.text = fixedStars(data.text);
    }
    else if (this.#rules.field(element) === 'masked' || this.#rules.isMasked(element, new Map())) data.text = stars(data.text);
  }

  #tree(node: SerializedNode, parentMasked: boolean, parentTag: string): void {
    const live = this.#mirror.getNode(node.id);
    const masked = parentMasked || live === null || this.#rules.isMaskRoot(live);
    if (masked && live !== null) this.#rules.remember(live);
    const tag = node.tagName ?? '';
    if (node.attributes !== undefined) this.#attributes(node.attributes, tag, live, masked);
    if (typeof node.textContent === 'string') node.textContent = this.#nodeText(node, node.textContent, masked, parentTag);
    for (const child of node.childNodes ?? []) this.#tree(child, masked, tag);
  }

  #attributes(attributes: NonNullable<SerializedNode['attributes']>, tag: string, live: Node | null, masked: boolean): void {
    const field = live?.nodeType === 1 ? this.#rules.field(live as Element) : 'secret';
    const { value } = attributes;
    if (field === 'secret' && typeof value === 'string' && live !== null && this.#rules.isTeaching(live as Element)) this.#teach(value);
    maskAttributes(attributes, { tag, masked, field });
    dropNulls(attributes);
  }

  #nodeText(node: SerializedNode, text: string, masked: boolean, parentTag: string): string {
    if (node.type !== NodeType.text) return stars(text);
    return this.#maskedText(text, masked, parentTag);
  }

  #maskedText(text: string, masked: boolean, parentTag: string): string {
    // Raw markup no selector can reach into; and a replay, where scripts are off, would show it on top of the page.
    if (parentTag === 'noscript') return '';
    if (UNMASKED_TEXT_PARENTS.has(parentTag)) return text;
    return masked || (parentTag === 'title' && this.#rules.masksTitle) ? stars(text) : text;
  }

  #element(id: number): Element | undefined {
    const node = this.#mirror.getNode(id);
    return node?.nodeType === 1 ? (node as Element) : undefined;
  }
}
