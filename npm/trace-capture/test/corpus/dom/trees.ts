import type { Case } from './case.js';
import { inPage } from './case.js';

const PLAIN = '<!doctype html><title>plain</title><body><h1>plain</h1><p id=p>start</p>';
const LIST = `<!doctype html><body><ul id=list>${Array.from({ length: 60 }, (_, at) => `<li id=n${at}>item ${at}</li>`).join('')}</ul>`;
const FIELDS = ['text', 'search', 'email', 'url', 'number', 'range', 'date', 'time', 'color', 'checkbox', 'radio', 'password', 'hidden'];

/** Trees that are odd, big or changed in odd ways. */
export const TREES: readonly Case[] = [
  {
    name: 'open shadow roots in each other',
    hazard: 'observers end at a shadow boundary',
    page: '<!doctype html><div id=host></div>',
    act: inPage(() => {
      const outer = (document.getElementById('host') as HTMLElement).attachShadow({ mode: 'open' });
      outer.innerHTML = '<p>outer</p><div id=inner></div><slot></slot>';
      const inner = (outer.getElementById('inner') as HTMLElement).attachShadow({ mode: 'open' });
      inner.innerHTML = '<b>inner</b>';
      setTimeout(() => { inner.append('later'); document.title = 'done'; }, 0);
      return new Promise((resolve) => setTimeout(resolve, 5));
    }),
    expected: { text: [/later/] },
  },
  {
    name: 'a closed shadow root',
    hazard: 'what nobody can read is missing; the rest must not suffer',
    page: '<!doctype html><div id=host>light</div>',
    act: inPage(() => { (document.getElementById('host') as HTMLElement).attachShadow({ mode: 'closed' }).innerHTML = '<p>hidden depth</p><slot></slot>'; document.body.append('after'); }),
    expected: { without: [/hidden depth/], text: [/after/] },
  },
  { name: 'declarative shadow DOM', hazard: 'made by the parser', page: '<!doctype html><div id=host><template shadowrootmode=open><p>declared</p><slot></slot></template>light</div>', expected: { text: [/declared/] } },
  {
    name: 'adopted style sheets that are shared',
    hazard: 'one sheet, two roots, changed later',
    page: '<!doctype html><div id=a></div><div id=b></div>',
    act: inPage(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('p { color: red }');
      for (const id of ['a', 'b']) {
        const root = (document.getElementById(id) as HTMLElement).attachShadow({ mode: 'open' });
        root.adoptedStyleSheets = [sheet];
        root.innerHTML = `<p>${id}</p>`;
      }
      document.adoptedStyleSheets = [sheet];
      return new Promise((resolve) => setTimeout(() => { sheet.insertRule('p { color: rgb(1, 2, 3) }'); resolve(0); }, 5));
    }),
    expected: { sources: [15], text: [/rgb\(1, 2, 3\)/] },
  },
  {
    name: 'style rules changed by script',
    hazard: 'no mutation is told',
    page: '<!doctype html><style id=s>p { color: red }</style><p>styled',
    act: inPage(() => {
      const sheet = (document.getElementById('s') as HTMLStyleElement).sheet as CSSStyleSheet;
      sheet.insertRule('p { margin: 3px }', 0);
      (sheet.cssRules[1] as CSSStyleRule).style.setProperty('color', 'rgb(4, 5, 6)');
      sheet.deleteRule(0);
    }),
    expected: { sources: [8, 13], text: [/rgb\(4, 5, 6\)/] },
  },
  {
    name: 'custom elements that are upgraded later',
    hazard: 'an element changes its class in place',
    page: '<!doctype html><x-card title=t>light</x-card>',
    act: inPage(() => {
      customElements.define('x-card', class extends HTMLElement {
        connectedCallback(): void { this.attachShadow({ mode: 'open' }).innerHTML = '<h2>card</h2><slot></slot>'; this.setAttribute('ready', ''); }
      });
      document.body.append(document.createElement('x-card'));
    }),
    expected: { text: [/card/] },
  },
  { name: 'contenteditable', hazard: 'text nodes split and join while typing', page: '<!doctype html><div id=e contenteditable>ab</div>', act: async (page) => { await page.click('#e'); await page.keyboard.press('End'); await page.keyboard.type('cd'); await page.keyboard.press('Enter'); await page.keyboard.type('line two'); await page.keyboard.press('Backspace'); }, expected: { text: [/line tw/] } },
  {
    name: 'form controls of every type',
    hazard: 'values are properties, not attributes; some are secret',
    page: `<!doctype html><form>${FIELDS.map((type) => `<input type=${type} id=${type}>`).join('')}<textarea id=area>old</textarea><progress value=1 max=3></progress><meter value=.5></meter><output id=out>o</output></form>`,
    act: async (page) => {
      for (const type of ['text', 'search', 'email', 'url']) await page.fill(`#${type}`, `${type}-typed`);
      await page.fill('#password', 'hunter2-typed');
      await page.fill('#area', 'many\nlines');
      await page.fill('#number', '42');
      await page.fill('#date', '2020-02-02');
      await page.check('#checkbox');
      await page.check('#radio');
    },
    expected: { sources: [5], text: [/text-typed/, /many\\nlines/], without: [/hunter2-typed/] },
    differs: 'masked values are stars',
  },
  {
    name: 'selects that change',
    hazard: 'the selected option is a property',
    page: '<!doctype html><select id=s><option>a<option>b</select><select id=m multiple><optgroup label=g><option>x<option>y</optgroup></select>',
    act: async (page) => {
      await page.selectOption('#s', 'b');
      await page.selectOption('#m', ['x', 'y']);
      await page.evaluate(() => { const s = document.getElementById('s') as HTMLSelectElement; s.add(new Option('c')); s.remove(0); s.value = 'c'; });
    },
    expected: { sources: [5] },
  },
  { name: 'values set by script', hazard: 'no event is told', page: '<!doctype html><input id=i><input id=c type=checkbox>', act: inPage(() => { (document.getElementById('i') as HTMLInputElement).value = 'by script'; (document.getElementById('c') as HTMLInputElement).checked = true; }), expected: { sources: [5], text: [/by script/] } },
  { name: 'a canvas', hazard: 'pixels are left to the pictures; the element stays', page: '<!doctype html><canvas id=c width=40 height=30></canvas>', act: inPage(() => { const c = (document.getElementById('c') as HTMLCanvasElement).getContext('2d'); c?.fillRect(0, 0, 9, 9); document.body.append('drawn'); }) },
  {
    name: 'SVG that changes',
    hazard: 'names with capitals in another namespace',
    page: '<!doctype html><svg viewBox="0 0 9 9"><defs><linearGradient id=g><stop offset=0 /></linearGradient></defs><rect width=4 height=4 fill="url(#g)"/><foreignObject width=5 height=5><p>html inside</p></foreignObject></svg>',
    act: inPage(() => {
      const svg = document.querySelector('svg') as SVGSVGElement;
      const use = document.createElementNS('http://www.w3.org/2000/svg', 'clipPath');
      use.setAttribute('clipPathUnits', 'userSpaceOnUse');
      svg.append(use);
      svg.setAttribute('preserveAspectRatio', 'none');
    }),
  },
  { name: 'MathML', hazard: 'a third namespace', page: '<!doctype html><math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>', act: inPage(() => { document.querySelector('mn')?.replaceChildren('3'); }) },
  { name: 'templates', hazard: 'their content is a document of its own', page: '<!doctype html><template id=t><p>from a template</p></template>', act: inPage(() => { document.body.append((document.getElementById('t') as HTMLTemplateElement).content.cloneNode(true)); }), expected: { text: [/from a template/] } },
  {
    name: 'dialogs, popovers and details',
    hazard: 'the top layer is no part of the tree',
    page: '<!doctype html><dialog id=d>modal</dialog><div popover id=o>pop</div><details id=x><summary>s</summary>more</details>',
    act: inPage(() => { (document.getElementById('d') as HTMLDialogElement).showModal(); document.getElementById('o')?.showPopover(); (document.getElementById('x') as HTMLDetailsElement).open = true; }),
    differs: 'the player opens a modal dialog by its own attribute',
  },
  {
    name: 'a table of 10k cells that is rebuilt',
    hazard: 'the full snapshot of the page must not be taken again',
    page: `<!doctype html><table>${Array.from({ length: 1000 }, (_, row) => `<tr>${'<td>x'.repeat(10)}<td>${row}`).join('')}</table>`,
    act: inPage(() => {
      document.querySelector('table')?.remove();
      const table = document.createElement('table');
      for (let row = 0; row < 1000; row += 1) { const line = table.insertRow(); for (let cell = 0; cell < 10; cell += 1) line.insertCell().textContent = `2:${row}.${cell}`; }
      document.body.append(table);
    }),
    expected: { generations: 1, text: [/2:999\.9/] },
  },
  {
    name: 'a storm of attributes',
    hazard: 'thousands of changes to a few nodes',
    page: LIST,
    act: inPage(() => new Promise<void>((resolve) => {
      let round = 0;
      const step = (): void => {
        document.querySelectorAll('li').forEach((item, at) => { item.setAttribute('data-n', `${round * at}`); item.style.left = `${round}px`; item.className = `c${(round + at) % 7}`; });
        round += 1;
        if (round < 30) requestAnimationFrame(step);
        else resolve();
      };
      step();
    })),
    expected: { sources: [0] },
  },
  {
    name: 'a storm of moves',
    hazard: '120 moves in one task reach the recorder as one puzzle',
    page: LIST,
    act: inPage(() => {
      let seed = 7;
      const random = (below: number): number => { seed = (seed * 48271) % 2147483647; return seed % below; };
      const list = document.getElementById('list') as HTMLElement;
      for (let at = 0; at < 120; at += 1) {
        const item = list.children[random(60)] as HTMLElement;
        list.insertBefore(item, list.children[random(60)] ?? null);
        item.textContent = `moved ${at}`;
      }
    }),
  },
  {
    name: 'a subtree built, taken apart and built again in one task',
    hazard: 'nodes that come and go between two looks',
    page: PLAIN,
    act: inPage(() => {
      const box = document.createElement('section');
      document.body.append(box);
      for (let at = 0; at < 10; at += 1) { const inner = document.createElement('div'); inner.innerHTML = `<i>${at}</i>`; box.prepend(inner); if (at % 3 === 0) inner.remove(); }
      const moved = document.createElement('aside');
      moved.append(...box.childNodes);
      box.replaceWith(moved);
    }),
  },
  { name: 'text that is split and joined', hazard: 'neighbouring text nodes look like one', page: PLAIN, act: inPage(() => { const text = document.getElementById('p')?.firstChild as Text; text.splitText(2).splitText(1); text.data = 'ST'; document.getElementById('p')?.append('', 'more', ''); document.getElementById('p')?.normalize(); }) },
  { name: 'comments and CDATA', hazard: 'left out, and their neighbours stay in order', page: '<!doctype html><p id=p>a<!-- gone --><b>b</b><!-- gone too -->c</p>', act: inPage(() => { const p = document.getElementById('p') as HTMLElement; p.insertBefore(document.createElement('i'), p.childNodes[1] as Node); p.childNodes[2]?.remove(); }) },
  { name: 'a huge text', hazard: 'one node of a megabyte', page: PLAIN, act: inPage(() => { const big = document.createElement('pre'); big.textContent = 'x'.repeat(1_000_000); document.body.append(big, 'the end'); }), expected: { text: [/the end/] } },
  { name: 'text beyond ASCII', hazard: 'half characters and line separators break JSON elsewhere', page: PLAIN, act: inPage(() => { document.body.append('\u2028 \u0000 \ud83d\ude00 e\u0301 \u202e'); }) },
  { name: 'elements that change their document', hazard: 'a node leaves one mirror and enters another', page: '<!doctype html><p id=p>wanders</p><iframe srcdoc="<body>"></iframe>', act: async (page) => { await page.frames()[1]?.waitForLoadState(); await page.evaluate(() => { const inner = document.querySelector('iframe')?.contentDocument as Document; inner.body.append(inner.adoptNode(document.getElementById('p') as HTMLElement)); }); } },
  { name: 'slots that are filled anew', hazard: 'light children are moved between shadow slots', page: '<!doctype html><div id=h><b slot=a>A</b><b slot=b>B</b></div>', act: inPage(() => { const host = document.getElementById('h') as HTMLElement; host.attachShadow({ mode: 'open' }).innerHTML = '<slot name=b></slot><slot name=a></slot>'; (host.children[0] as HTMLElement).slot = 'b'; host.append(host.children[0] as Node); }) },
];
