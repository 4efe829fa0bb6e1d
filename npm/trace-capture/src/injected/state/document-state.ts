import type { Cloned } from './cloned.js';
import { Encoder } from './encode.js';
import { Paths, rootsOf } from './paths.js';

/** Elements looked at for shadow roots at one boundary; more than that would show in the page's own time. */
const MAX_ELEMENTS = 30_000;
const MAX_FIELDS = 1_000;
const MAX_HISTORY_STATE = 1024 * 1024;

/** A form field. `files` names what was chosen; its bytes are the test's own. */
export interface FieldState {
  readonly at: string;
  readonly type: string;
  readonly name?: string;
  readonly value?: string;
  readonly checked?: boolean;
  readonly selected?: readonly number[];
  readonly files?: readonly string[];
  readonly indeterminate?: boolean;
}

/** How far something is scrolled, in CSS pixels. */
export interface ScrollState {
  /** Path of the element; nothing for the window. */
  readonly at?: string;
  readonly x: number;
  readonly y: number;
}

/** What a document holds that no storage does. */
export interface DocumentState {
  readonly url: string;
  readonly title: string;
  readonly name: string;
  readonly opener: boolean;
  readonly history: { readonly length: number; readonly scroll_restoration: string; readonly state: Cloned };
  readonly viewport: { readonly width: number; readonly height: number };
  readonly scroll: readonly ScrollState[];
  readonly focus?: { readonly at: string; readonly selection?: readonly [number, number] };
  readonly fields: readonly FieldState[];
  /** Dialogs, popovers and disclosures that are open. */
  readonly open: readonly { readonly at: string; readonly how: 'open' | 'modal' | 'popover' }[];
  readonly media: readonly { readonly at: string; readonly time: number; readonly paused: boolean }[];
  /** False when the document was too big to be looked through. */
  readonly whole: boolean;
}

/** Remembers which elements were scrolled: asking every element would force the page to lay itself out. */
export class ScrollWatch {
  #scrolled = new Set<WeakRef<Element>>();
  #known = new WeakSet<Element>();
  /** A document that was there before the reader may have been scrolled unseen. */
  #windowScrolled = document.readyState === 'complete';

  /** Documents lose their listeners in `document.open`; the function is one, so adding it again changes nothing. */
  listen(): void {
    document.addEventListener('scroll', this.#onScroll, { capture: true, passive: true });
  }

  readonly #onScroll = (event: Event): void => {
    const { target } = event;
    if (target === document) this.#windowScrolled = true;
    if (!(target instanceof Element) || this.#known.has(target)) return;
    this.#known.add(target);
    this.#scrolled.add(new WeakRef(target));
  };

  now(paths: Paths): ScrollState[] {
    const found: ScrollState[] = [];
    if (this.#windowScrolled && (window.scrollX !== 0 || window.scrollY !== 0)) found.push({ x: window.scrollX, y: window.scrollY });
    for (const reference of this.#scrolled) {
      const element = reference.deref();
      if (element === undefined) this.#scrolled.delete(reference);
      else if (element.isConnected && (element.scrollLeft !== 0 || element.scrollTop !== 0)) {
        found.push({ at: paths.of(element), x: element.scrollLeft, y: element.scrollTop });
      }
    }
    return found;
  }
}

/** Reads the document as it is now. */
export function documentState(scroll: ScrollWatch): DocumentState {
  scroll.listen();
  const { roots, whole } = rootsOf(document, MAX_ELEMENTS);
  const all = <E extends Element>(selector: string): E[] => roots.flatMap((root) => [...root.querySelectorAll<E>(selector)]);
  const fields = all<HTMLInputElement>('input,textarea,select').filter(isState);
  const paths = new Paths();
  const focus = focused(paths);
  return {
    url: location.href,
    title: document.title,
    name: window.name,
    opener: window.opener !== null,
    history: { length: history.length, scroll_restoration: history.scrollRestoration, state: historyState() },
    viewport: { width: window.innerWidth, height: window.innerHeight },
    scroll: scroll.now(paths),
    ...(focus === undefined ? {} : { focus }),
    fields: fields.slice(0, MAX_FIELDS).map((field) => fieldState(field, paths)),
    open: openParts(all, paths),
    media: all<HTMLMediaElement>('video,audio').map((media) => ({ at: paths.of(media), time: media.currentTime, paused: media.paused })),
    whole: whole && fields.length <= MAX_FIELDS,
  };
}

function historyState(): Cloned {
  try {
    return new Encoder(MAX_HISTORY_STATE).encode(history.state);
  } catch {
    // More than a browser keeps for one entry: said as lost rather than cut.
    return { $: 'lost', what: 'history.state' };
  }
}

/** Buttons have no state. */
function isState(field: HTMLInputElement): boolean {
  return !['button', 'submit', 'reset', 'image'].includes(field.type);
}

function fieldState(field: HTMLInputElement | HTMLSelectElement, paths: Paths): FieldState {
  const base = { at: paths.of(field), type: field.type, ...(field.name === '' ? {} : { name: field.name }) };
  if (field instanceof HTMLSelectElement) return { ...base, selected: [...field.selectedOptions].map(({ index }) => index) };
  if (field.type === 'file') return { ...base, files: [...(field.files ?? [])].map(({ name }) => name) };
  if (field.type !== 'checkbox' && field.type !== 'radio') return { ...base, value: field.value };
  return { ...base, checked: field.checked, ...(field.indeterminate ? { indeterminate: true } : {}) };
}

function focused(paths: Paths): DocumentState['focus'] {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === null || at === document.body || at === document.documentElement) return undefined;
  const { selectionStart, selectionEnd } = at as HTMLInputElement;
  const hasSelection = typeof selectionStart === 'number' && typeof selectionEnd === 'number';
  return { at: paths.of(at), ...(hasSelection ? { selection: [selectionStart, selectionEnd] as const } : {}) };
}

function openParts(all: (selector: string) => Element[], paths: Paths): DocumentState['open'] {
  const popovers = CSS.supports('selector(:popover-open)') ? all(':popover-open') : [];
  return [
    ...all('details[open],dialog[open]').map((element) => ({ at: paths.of(element), how: element.matches(':modal') ? ('modal' as const) : ('open' as const) })),
    ...popovers.map((element) => ({ at: paths.of(element), how: 'popover' as const })),
  ];
}
