/** How much of a document is told. */
export interface WalkLimits {
  readonly nodes: number;
  readonly depth: number;
  /** Characters of texts and attributes together. */
  readonly length: number;
}

/**
 * The document as it is now: JSON of `{href, node}`, the node as rrweb's snapshots name it, open shadow roots included. Runs in pages, so
 * it uses nothing of this module. Values that the recorder masks are masked here as well.
 */
export function walkDocument(limits: WalkLimits): string {
  interface Told {
    readonly type: number;
    readonly tagName?: string;
    readonly attributes?: Record<string, string | true>;
    readonly textContent?: string;
    readonly childNodes?: Told[];
  }
  // What no recording is compared by.
  const skipped = new Set(['script', 'noscript', 'style', 'template', 'link', 'meta', 'base', 'title']);
  const pressed = new Set(['submit', 'button', 'checkbox', 'radio', 'image', 'reset', 'file']);
  let { nodes, length } = limits;
  const cut = (text: string): string => {
    const told = text.slice(0, Math.max(0, length));
    length -= told.length;
    return told;
  };
  // As recordings have addresses; within a drawing a name stays a name.
  const whole = (address: string): string => {
    try {
      return new URL(address, document.baseURI).href;
    } catch {
      return address;
    }
  };
  const attributesOf = (element: Element): Record<string, string | true> => {
    const told: Record<string, string | true> = {};
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) continue;
      told[name] = cut(name === 'href' && !(element.localName === 'use' && value.startsWith('#')) ? whole(value) : value);
    }
    if (element instanceof HTMLInputElement && (element.type === 'checkbox' || element.type === 'radio')) {
      delete told['checked'];
      if (element.checked) told['checked'] = true;
    } else if (element instanceof HTMLInputElement && !pressed.has(element.type)) {
      const isMasked = element.type === 'password' || element.type === 'hidden';
      told['value'] = isMasked ? '*'.repeat(Math.min(element.value.length, 1000)) : cut(element.value);
    } else if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) told['value'] = cut(element.value);
    else if (element instanceof HTMLOptionElement) {
      delete told['selected'];
      if (element.selected) told['selected'] = true;
    }
    return told;
  };
  const childrenOf = (parent: ParentNode & Node, depth: number): Told[] => {
    const told: Told[] = [];
    if (depth >= limits.depth) return told;
    const shadow = parent instanceof Element ? parent.shadowRoot : null;
    for (const children of shadow ? [parent.childNodes, shadow.childNodes] : [parent.childNodes]) {
      for (const child of children) {
        if (nodes <= 0 || length <= 0) return told;
        if (child instanceof Text) {
          nodes -= 1;
          told.push({ type: 3, textContent: cut(child.data) });
        } else if (child instanceof Element && !skipped.has(child.localName)) {
          nodes -= 1;
          told.push({ type: 2, tagName: child.localName, attributes: attributesOf(child), childNodes: childrenOf(child, depth + 1) });
        }
      }
    }
    return told;
  };
  return JSON.stringify({ href: location.href, node: { type: 0, childNodes: childrenOf(document, 0) } });
}
