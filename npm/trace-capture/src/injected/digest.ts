/**
 * Score of a document's body, version 1. The same function over a rebuilt recording must give the same value, so it
 * uses only what recording keeps: no script, comment or template; no children of `style`, `noscript`, `textarea`,
 * blocked elements or frames; attribute names without the recorder's own and without those masking may drop; text by
 * length, since masking keeps lengths. Order is document order, an open shadow root before its host's children.
 */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const SKIPPED = new Set(['script', 'template', 'link', 'meta', 'title', 'base']);
const CHILDLESS = new Set(['style', 'noscript', 'textarea', 'iframe', 'object', 'embed']);
const IGNORED_ATTRIBUTE = /^(rr_|on|data-rr-)|^(src|srcset|srcdoc|nonce|href|xlink:href|value|checked|selected|open|style|autocomplete|autoplay|integrity|_csstext|action|formaction|poster|data|cite|imagesrcset|background|ping|longdesc)$/;

/** The digest as eight hex digits, and the number of nodes it covers. */
export interface Digest {
  readonly digest: string;
  readonly nodes: number;
}

/** How the digest reads a tree: live in the page, or rebuilt from a recording. */
export interface DigestSource {
  shadowRoot(element: Element): ShadowRoot | null;
  isBlocked(element: Element): boolean;
}

/** Digest of the body of this document. */
export function digestOf(body: Element | null, source: DigestSource): Digest {
  const state = { hash: OFFSET, nodes: 0 };
  if (body !== null) addElement(body, source, state);
  return { digest: (state.hash >>> 0).toString(16).padStart(8, '0'), nodes: state.nodes };
}

interface State {
  hash: number;
  nodes: number;
}

function add(state: State, text: string): void {
  let { hash } = state;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  state.hash = Math.imul(hash ^ 0xff, PRIME);
}

function addElement(element: Element, source: DigestSource, state: State): void {
  const tag = element.localName.toLowerCase();
  if (SKIPPED.has(tag)) return;
  state.nodes += 1;
  add(state, `<${tag}`);
  if (!source.isBlocked(element)) {
    for (const name of attributeNames(element)) add(state, name);
    const root = source.shadowRoot(element);
    if (root !== null) addChildren(root, source, state, '#shadow');
    if (!CHILDLESS.has(tag)) addChildren(element, source, state, '');
  }
  add(state, '>');
}

function addChildren(parent: ParentNode & Node, source: DigestSource, state: State, mark: string): void {
  if (mark !== '') add(state, mark);
  for (let child = parent.firstChild; child !== null; child = child.nextSibling) {
    if (child.nodeType === 1) addElement(child as Element, source, state);
    else if (child.nodeType === 3) addText(child as Text, state);
  }
}

function addText(text: Text, state: State): void {
  if (text.data === '') return;
  state.nodes += 1;
  add(state, `#${text.data.length}`);
}

function attributeNames(element: Element): string[] {
  const names: string[] = [];
  // Reading names alone spares the page an object for every attribute.
  for (const written of element.getAttributeNames()) {
    const name = written.toLowerCase();
    if (!IGNORED_ATTRIBUTE.test(name)) names.push(name);
  }
  return names.sort();
}
