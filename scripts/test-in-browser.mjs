/**
 * Runs test files that drive a real browser, and those that fail once more. Two of three whole runs on a machine of
 * two cores had one such test among some 500, each time another. A file that fails twice fails the run; one that
 * passes the second time is named as flaky at the end, since a flaky test hides a race that somebody has to find.
 *
 *     node test-in-browser.mjs FILE-OR-FOLDER...
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More files than this at once are no accident of one test. */
const MOST_AGAIN = 5;
const here = dirname(fileURLToPath(import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'molar-tests-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

const first = run(process.argv.slice(2), 'first');
if (first.passed) process.exit(0);
if (first.failing.length === 0 || first.failing.length > MOST_AGAIN) process.exit(1);
const names = first.failing.map((file) => relative(process.cwd(), file)).join(', ');
console.error(`\n── failed, so run once more: ${names}\n`);
const second = run(first.failing, 'second');
console.error(second.passed ? `\n── FLAKY, failed once and passed when run again: ${names}\n` : '\n── failed twice\n');
process.exit(second.passed ? 0 : 1);

function run(files, attempt) {
  const list = join(scratch, attempt);
  const reporters = [
    ['--test-reporter', process.stdout.isTTY ? 'spec' : 'tap', '--test-reporter-destination', 'stdout'],
    ['--test-reporter', join(here, 'failing-files.mjs'), '--test-reporter-destination', list],
  ];
  const { status } = spawnSync(process.execPath, ['--test', ...reporters.flat(), ...files], { stdio: 'inherit' });
  return { passed: status === 0, failing: readFileSync(list, 'utf8').split('\n').filter(Boolean) };
}
