/** Names of elements by which a restored page finds them again. */

/** Between a shadow host and an element below its root. */
export const INTO_SHADOW = ' >>> ';

/** Names elements as they stand now. Good for one task of the page only: it remembers who is whose which child. */
export class Paths {
  readonly #numbers = new Map<Node, Map<Element, number>>();

  /** A selector that matches only this element in its tree; one for each shadow root on the way, from the outside in. */
  of(element: Element): string {
    const root = element.getRootNode();
    const own = this.#within(element, root);
    return root instanceof ShadowRoot ? `${this.of(root.host)}${INTO_SHADOW}${own}` : own;
  }

  #within(element: Element, root: Node): string {
    const parts: string[] = [];
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const short = byId(at, root);
      parts.unshift(short ?? `${at.localName.replace(/[^a-z0-9-]/gi, '\\$&')}:nth-child(${this.#number(at)})`);
      if (short !== undefined) break;
    }
    return parts.join(' > ');
  }

  /** Counting each element's siblings by itself took a table of 5000 rows a tenth of a second. */
  #number(element: Element): number {
    const parent = element.parentNode;
    if (parent === null) return 1;
    let numbers = this.#numbers.get(parent);
    if (numbers === undefined) {
      numbers = new Map();
      let number = 0;
      for (let at = (parent as ParentNode & Node).firstElementChild; at !== null; at = at.nextElementSibling) numbers.set(at, (number += 1));
      this.#numbers.set(parent, numbers);
    }
    return numbers.get(element) ?? 1;
  }
}

function byId(element: Element, root: Node): string | undefined {
  if (element.id === '') return undefined;
  const selector = `#${CSS.escape(element.id)}`;
  return (root as ParentNode & Node).querySelectorAll(selector).length === 1 ? selector : undefined;
}

/** The element of a path, through open shadow roots. */
export function elementAt(path: string, root: ParentNode = document): Element | null {
  const [first = '', ...rest] = path.split(INTO_SHADOW);
  const found = root.querySelector(first);
  if (rest.length === 0 || found === null) return found;
  return found.shadowRoot === null ? null : elementAt(rest.join(INTO_SHADOW), found.shadowRoot);
}

/** The document and every open shadow root in it, as far as the budget of elements reaches. */
export function rootsOf(top: Document, limit: number): { readonly roots: readonly (Document | ShadowRoot)[]; readonly whole: boolean } {
  const roots: (Document | ShadowRoot)[] = [top];
  let seen = 0;
  for (const root of roots) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode() !== null) {
      seen += 1;
      if (seen > limit) return { roots, whole: false };
      const inner = (walker.currentNode as Element).shadowRoot;
      if (inner !== null) roots.push(inner);
    }
  }
  return { roots, whole: true };
}
