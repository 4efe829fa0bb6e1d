/** Names of elements by which a restored page finds them again. */

/** Between a shadow host and an element below its root. */
export const INTO_SHADOW = ' >>> ';

/** A selector that matches only this element in its tree; one for each shadow root on the way, from the outside in. */
export function pathOf(element: Element): string {
  const root = element.getRootNode();
  const own = within(element, root);
  return root instanceof ShadowRoot ? `${pathOf(root.host)}${INTO_SHADOW}${own}` : own;
}

function within(element: Element, root: Node): string {
  const parts: string[] = [];
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const short = byId(at, root);
    parts.unshift(short ?? nth(at));
    if (short !== undefined) break;
  }
  return parts.join(' > ');
}

function byId(element: Element, root: Node): string | undefined {
  if (element.id === '') return undefined;
  const selector = `#${CSS.escape(element.id)}`;
  return (root as ParentNode & Node).querySelectorAll(selector).length === 1 ? selector : undefined;
}

function nth(element: Element): string {
  let number = 1;
  for (let at = element.previousElementSibling; at !== null; at = at.previousElementSibling) number += 1;
  return `${element.localName.replace(/[^a-z0-9-]/gi, '\\$&')}:nth-child(${number})`;
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
