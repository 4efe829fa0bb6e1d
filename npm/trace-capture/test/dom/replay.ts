import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import type { RrwebEvent } from './recording.js';

const DIGEST = readFileSync(new URL('../../dist/injected/digest.js', import.meta.url), 'utf8').replaceAll(/^export /gm, '');
const RRWEB = join(dirname(createRequire(import.meta.url).resolve('rrweb')), '..', 'umd', 'rrweb.min.js');

/** What a recording leads to. */
export interface Replayed {
  readonly text: string;
  readonly digest: string;
}

/** rrweb's stock player in a page of its own: the judge of whether a recording says what the page showed. */
export class Judge {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async start(browser: Browser): Promise<Judge> {
    const page = await (await browser.newContext()).newPage();
    await page.addScriptTag({ content: readFileSync(RRWEB, 'utf8') });
    return new Judge(page);
  }

  /** Canonical text of the document the events lead to. */
  async rebuilt(events: readonly RrwebEvent[]): Promise<string> {
    return (await this.replay(events)).text;
  }

  /** Canonical text of the document the events lead to, and its digest by the recorder's own function. */
  async replay(events: readonly RrwebEvent[]): Promise<Replayed> {
    return await this.#page.evaluate(
      ([list, source, digestSource]) => {
        document.body.replaceChildren();
        const { Replayer } = Reflect.get(globalThis, 'rrweb') as { Replayer: new (events: unknown, config: unknown) => { pause(at: number): void; iframe: HTMLIFrameElement; destroy(): void } };
        const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
        const first = list[0];
        const copy = list.length === 1 ? [...list, { ...list[0], timestamp: (first?.timestamp ?? 0) + 1 }] : list;
        const player = new Replayer(copy, { useVirtualDom: false, showWarning: false, mouseTail: false, logger: quiet, root: document.body, loadTimeout: 1 });
        player.pause((copy.at(-1)?.timestamp ?? 0) - (first?.timestamp ?? 0) + 1);
        const root = player.iframe.contentDocument;
        const canonical = new Function(`return ${source}`)() as (node: Node | null) => string;
        const text = canonical(root);
        const digestOf = new Function(`${digestSource}\nreturn digestOf`)() as (body: Element | null, source: object) => { digest: string };
        const tree = { shadowRoot: (element: Element) => element.shadowRoot, isBlocked: (element: Element) => element.matches('.rr-block') };
        // The player marks what the pointer was over; a page's own empty class is not to be lost with it.
        for (const hovered of root?.querySelectorAll('.\\:hover') ?? []) {
          hovered.classList.remove(':hover');
          if (hovered.className === '') hovered.removeAttribute('class');
        }
        root?.documentElement.classList.remove('rrweb-paused');
        const { digest } = digestOf(root?.body ?? null, tree);
        player.destroy();
        return { text, digest };
      },
      [events, canonical.toString(), DIGEST] as const,
    );
  }

  /** Canonical text of a live page's document. */
  async live(page: Page): Promise<string> {
    return await page.evaluate(`(${canonical.toString()})(document)`);
  }
}

/** A tree as lines, without what recording leaves out on purpose. Runs in pages, so it refers to nothing outside. */
export function canonical(root: Node | null): string {
  const skippedTags = ['SCRIPT', 'NOSCRIPT', 'TEMPLATE', 'META', 'LINK', 'BASE'];
  const lines: string[] = [];
  const attributes = (element: Element): string =>
    [...element.attributes]
      .filter(({ name }) => !/^(rr_|srcdoc|nonce|src|data-rr|on|href|action|autocomplete)/.test(name))
      .map(({ name, value }) => `${name}=${name === 'style' ? (element as HTMLElement).style.cssText : value.replace(/ ?(rrweb-paused|:hover)/g, '')}`)
      .filter((text) => text !== 'class=')
      .filter((text) => !/^(value|checked|selected)=/.test(text))
      .sort()
      .join(' ');
  // Not the element's own property: a page may have put one of its own before it.
  const shadowOf = Object.getOwnPropertyDescriptor(Element.prototype, 'shadowRoot')?.get;
  const visit = (node: Node, depth: string): void => {
    if (node.nodeType === 3) {
      const text = (node.textContent ?? '').trim();
      if (text !== '') lines.push(`${depth}"${text}"`);
    } else if (node.nodeType === 1) {
      const element = node as HTMLInputElement;
      const tag = element.tagName.toUpperCase();
      if (skippedTags.includes(tag)) return;
      if (tag === 'STYLE' && element.parentNode?.nodeName === 'HTML') return;
      const isField = ['INPUT', 'TEXTAREA', 'SELECT'].includes(tag);
      const value = isField ? ` value:${element.value} checked:${element.checked === true}` : '';
      lines.push(`${depth}${tag} ${attributes(element)}${value}`);
      if (tag === 'STYLE' || tag === 'TEXTAREA' || tag === 'HEAD') return;
      const shadow = shadowOf?.call(element) as ShadowRoot | null;
      if (shadow !== null) [...shadow.childNodes].forEach((child) => visit(child, `${depth} ^`));
      if (tag === 'IFRAME') {
        const inner = (node as HTMLIFrameElement).contentDocument;
        // A frame of another origin is its own recording; the player shows a blank document in its place.
        if (inner !== null && inner.body.childNodes.length > 0) [...inner.childNodes].forEach((child) => visit(child, `${depth} >`));
        return;
      }
      [...element.childNodes].forEach((child) => visit(child, `${depth}  `));
    }
  };
  [...(root?.childNodes ?? [])].forEach((child) => visit(child, ''));
  return lines.join('\n');
}
