/** The bench's web application: a table that is edited over the network, and a page that changes without pause. */
import { createServer } from 'node:http';

const CELLS = Array.from({ length: 600 }, (_, row) => `<tr><td>${row}</td><td>Customer ${row}</td><td>${(row * 37) % 1000}.00</td><td><a href="/row/${row}">open</a></td></tr>`);

const TABLE = `<!doctype html><title>Table</title><style>td{padding:2px 8px}</style>
<label>Filter <input></label><button>Apply</button><p data-testid="state">ready</p><table><tbody>${CELLS.join('')}</tbody></table>
<script>
  let applied = 0;
  document.querySelector('button').onclick = async () => {
    const answer = await fetch('/rows?filter=' + encodeURIComponent(document.querySelector('input').value));
    const rows = await answer.json();
    const cells = document.querySelectorAll('tbody tr td:nth-child(3)');
    for (const { row, total } of rows.slice(0, 40)) cells[row].textContent = total;
    document.querySelector('[data-testid=state]').textContent = 'applied ' + ++applied;
  };
</script>`;

// Long tasks are reported after they end, so the page waits a moment before it reads the last one.
const STORM = `<!doctype html><title>Storm</title><ul></ul><script>
  const list = document.querySelector('ul');
  const fill = (round) => { list.innerHTML = Array.from({ length: 3300 }, (_, i) => '<li class="row"><b>' + i + '</b><i>' + round + '</i></li>').join(''); };
  const longest = { load_ms: 0, frames_ms: 0, rebuild_ms: 0 };
  let phase = 'load_ms';
  new PerformanceObserver((seen) => { for (const task of seen.getEntries()) longest[phase] = Math.max(longest[phase], task.duration); }).observe({ type: 'longtask', buffered: true });
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  addEventListener('load', async () => {
    fill(0);
    await pause(1000);
    phase = 'frames_ms';
    for (let n = 0; n < 120; n++) {
      await frame();
      for (let i = 0; i < 200; i++) { const item = list.children[(n * 200 + i) % 3300]; item.lastChild.textContent = n; item.className = 'row r' + (n % 7); }
    }
    await pause(500);
    phase = 'rebuild_ms';
    for (let n = 1; n <= 3; n++) { await pause(300); fill(n); }
    await pause(1000);
    window.longestTasks = longest;
    window.stormDone = true;
  });
</script>`;

/** Starts the application on a free port of loopback. */
export async function startSite() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://bench');
    if (pathname === '/rows') return answer(response, 'application/json', rows(request.url));
    if (pathname === '/table') return answer(response, 'text/html', TABLE);
    if (pathname === '/storm') return answer(response, 'text/html', STORM);
    response.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}

function answer(response, type, body) {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
}

/** About 20 KB, different for each filter. */
function rows(filter) {
  return JSON.stringify(Array.from({ length: 300 }, (_, row) => ({ row, total: `${(row * filter.length * 31) % 977}.00`, note: `${filter} of row ${row}` })));
}
