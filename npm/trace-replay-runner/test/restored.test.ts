import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Replayed, Run, Trace } from './support/replaying.js';
import { replayPages, runPages } from './support/replaying.js';
import type { RestoredSite } from './support/restored-site.js';
import { startRestoredSite } from './support/restored-site.js';

/** Recorded once; each replay below has one of its tests. */
let site: RestoredSite;
let other: RestoredSite;
let recorded: Run;

const env = (): Record<string, string> => ({ SITE: site.url, OTHER: other.url });

before(async () => {
  [site, other] = await Promise.all([startRestoredSite(), startRestoredSite()]);
  recorded = await runPages(env(), ['restored.spec']);
  assert.equal(recorded.code, 0, recorded.output);
});

after(async () => {
  await Promise.all([site.close(), other.close()]);
});

async function replay(title: string, strategy: string): Promise<Replayed> {
  const trace = recorded.traces.find((one) => one.title === title);
  assert.ok(trace, `no trace of \`${title}\`:\n${recorded.output}`);
  site.asked.length = other.asked.length = 0;
  const replayed = await replayPages({ trace, from_step: 2, app_mode: 'recorded', strategy, app_origins: [site.url] }, env());
  assert.deepEqual([...site.asked, ...other.asked], [], 'the record is all that is asked');
  return replayed;
}

const gradesOf = (trace: Trace): unknown[] => trace.of('replay.fidelity').map(({ grade }) => grade);

describe('a browser is put back where skipped steps', () => {
  const cases: readonly [string, string, number][] = [
    ['wait for requests, answers, addresses and elements', 'waits in its steps', 4],
    ['open another page and wait for it', 'opens another page', 3],
    ['choose files', 'chooses a file', 3],
    ['change cookies that are no longer', 'sets its cookies', 5],
    ['go back, and ask where they are', 'goes back', 7],
    ['fill the storage of a stranger in a frame', 'has a stranger in a frame', 3],
  ];
  for (const [how, title, calls] of cases) {
    it(how, async () => {
      const { last, output, trace } = await replay(title, 'restore');
      assert.equal(last.state, 'passed', `${last.message ?? ''}\n${output}`);
      assert.ok(gradesOf(trace).length > 0 && gradesOf(trace).every((grade) => grade === 'exact'), JSON.stringify(trace.of('replay.fidelity')));
      assert.equal(last.detail?.['skipped_calls'], calls);
    });
  }

  it('fill caches, and names a service worker whose script the browser did not tell', async () => {
    const { last, output, trace } = await replay('keeps it offline', 'restore');
    assert.equal(last.state, 'passed', `${last.message ?? ''}\n${output}`);
    const isTold = recorded.traces.some((one) => one.of('network.response').some(({ url }) => String(url).endsWith('/worker.js')));
    assert.deepEqual(gradesOf(trace), [isTold ? 'exact' : 'degraded']);
    const named = JSON.stringify(trace.of('replay.fidelity'));
    assert.equal(/the service worker http:[^ ]*\/worker\.js/.test(named), !isTold, named);
  });

  it('and says so when an element of a skipped step is used', async () => {
    const { last, output } = await replay('keeps a handle', 'restore');
    assert.deepEqual([last.state, last.code], ['diverged', 'UNSUPPORTED_HANDLE'], output);
    assert.match(last.message ?? '', /ElementHandle\.textContent needs an element/);
  });
});

describe('a browser that cannot be put back', () => {
  it('carries the skipped steps out as if it had never been touched', async () => {
    const { last, output, trace } = await replay('visits', 'auto');
    assert.deepEqual([last.state, last.detail?.['skipped_calls']], ['passed', 0], `${last.message ?? ''}\n${output}`);
    assert.deepEqual(gradesOf(trace), ['diverged']);
    const [start] = trace.of('replay.start');
    assert.equal(start?.['strategy'], 'fast-forward');
    assert.match(String(start?.['reason']), /could not be put back \(assertions/);
  });
});
