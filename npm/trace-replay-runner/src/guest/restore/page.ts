import type { DocumentPart, Pairs } from './state.js';

/** Functions that run in pages, so they use nothing of this module. */

/** Puts a storage's items back. */
export function fillStorage({ kind, pairs }: { readonly kind: 'local' | 'session'; readonly pairs: Pairs }): void {
  const storage = kind === 'local' ? localStorage : sessionStorage;
  storage.clear();
  for (const [key, value] of pairs) storage.setItem(key, value);
}

/** Gives the current entry of the history its state. */
export function setHistoryState(state: unknown): void {
  history.replaceState(state, '');
}

/** Puts back what no storage holds. Says what it could not. */
export function fillDocument(part: Pick<DocumentPart, 'fields' | 'scroll' | 'focus' | 'open' | 'name'>): string[] {
  const lost: string[] = [];
  const find = (path: string): Element | null => {
    let root: ParentNode = document;
    let found: Element | null = null;
    for (const one of path.split(' >>> ')) {
      found = root.querySelector(one);
      if (!found) return null;
      if (found.shadowRoot) root = found.shadowRoot;
    }
    return found;
  };
  const put = (element: Element, property: string, value: unknown): void => {
    // Frameworks put a setter of their own on the element; the prototype's is what a person's typing goes through.
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element) as object, property)?.set;
    if (setter) Reflect.apply(setter, element, [value]);
    else Reflect.set(element, property, value);
  };
  const tell = (element: Element): void => {
    for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, { bubbles: true }));
  };
  window.name = part.name;
  for (const field of part.fields) {
    const element = find(field.at) as HTMLInputElement | HTMLSelectElement | null;
    if (!element) {
      lost.push(`the field ${field.name ?? field.at}`);
      continue;
    }
    if (field.checked !== undefined && (element as HTMLInputElement).checked !== field.checked) {
      put(element, 'checked', field.checked);
      tell(element);
    } else if (field.value !== undefined && element.value !== field.value) {
      put(element, 'value', field.value);
      tell(element);
    } else if (field.selected && element instanceof HTMLSelectElement) {
      const wanted = new Set(field.selected);
      const options = [...element.options];
      if (options.some((option, at) => option.selected !== wanted.has(at))) {
        options.forEach((option, at) => (option.selected = wanted.has(at)));
        tell(element);
      }
    }
  }
  for (const { at, how } of part.open) {
    const element = find(at);
    if (!element) lost.push(`what was open at ${at}`);
    else if (how === 'popover') (element as HTMLElement).showPopover();
    else if (element instanceof HTMLDialogElement && !element.open) how === 'modal' ? element.showModal() : element.show();
    else if (element instanceof HTMLDetailsElement) element.open = true;
  }
  for (const { at, x, y } of part.scroll) {
    if (at === undefined) window.scrollTo(x, y);
    else find(at)?.scrollTo(x, y);
  }
  const focused = part.focus ? find(part.focus.at) : null;
  if (focused instanceof HTMLElement) {
    focused.focus({ preventScroll: true });
    const [start, end] = part.focus?.selection ?? [];
    if (start !== undefined && end !== undefined && 'setSelectionRange' in focused) {
      try {
        (focused as HTMLInputElement).setSelectionRange(start, end);
      } catch (error) {
        // Fields of numbers and the like have no selection.
        lost.push(`the selection (${String(error).slice(0, 80)})`);
      }
    }
  }
  return lost;
}

/** What of a document can be compared with the record. */
export function readBack(fields: readonly string[]): { url: string; title: string; state: string; storage: { local: Pairs; session: Pairs }; fields: (string | null)[] } {
  const items = (storage: Storage): [string, string][] => Object.keys(storage).map((key) => [key, storage.getItem(key) ?? '']);
  const valueOf = (path: string): string | null => {
    let root: ParentNode = document;
    let found: Element | null = null;
    for (const one of path.split(' >>> ')) {
      found = root.querySelector(one);
      if (!found) return null;
      if (found.shadowRoot) root = found.shadowRoot;
    }
    const input = found as HTMLInputElement;
    if (input instanceof HTMLSelectElement) return [...input.selectedOptions].map(({ index }) => index).join();
    return input.type === 'checkbox' || input.type === 'radio' ? String(input.checked) : input.value;
  };
  return {
    url: location.href, title: document.title, state: JSON.stringify(history.state) ?? 'null',
    storage: { local: items(localStorage), session: items(sessionStorage) }, fields: fields.map(valueOf),
  };
}
