import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A guard against what never goes, not a measure. */
const LIMIT_MS = 60_000;
const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A copy of this package's fixtures that no repository is around, so that little has to be copied for a replay. */
export interface Suite {
  readonly dir: string;
  /** What replays of it have open: one folder each. */
  readonly home: string;
  /** Writes a patch of one line of the spec. */
  patch(name: string, old: string, by: string): string;
  /** Resolves when nothing is open any more: no folder, and no process that belongs to a replay. */
  isClean(): Promise<void>;
}

/** Makes the copy; replays that this process starts from now on keep what they open in its home. */
export function copySuite(): Suite {
  const above = mkdtempSync(join(tmpdir(), 'molar-held-'));
  process.once('exit', () => rmSync(above, { recursive: true, force: true }));
  const [dir, home] = [join(above, 'pages'), join(above, 'home')];
  cpSync(join(PACKAGE, 'test', 'fixtures', 'pages'), dir, { recursive: true });
  symlinkSync(join(PACKAGE, '..', '..', 'node_modules'), join(dir, 'node_modules'));
  process.env['MOLAR_REPLAY_HOME'] = home;
  return {
    dir, home,
    patch: (name, old, by) => {
      const lines = readFileSync(join(dir, 'pages.spec.ts'), 'utf8').split('\n');
      const at = lines.findIndex((line) => line.includes(old));
      const [before = '', line = '', after = ''] = lines.slice(at - 1, at + 2);
      const file = join(above, `${name}.patch`);
      writeFileSync(file, `--- a/pages.spec.ts\n+++ b/pages.spec.ts\n@@ -${at},3 +${at},3 @@\n ${before}\n-${line}\n+${line.replace(old, by)}\n ${after}\n`);
      return file;
    },
    isClean: async () => {
      const until_ms = performance.now() + LIMIT_MS;
      for (let left = leftIn(home); left.length > 0; left = leftIn(home)) {
        if (performance.now() > until_ms) throw new Error(`left of replays: ${left.join(', ')}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

function leftIn(home: string): string[] {
  const folders = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `folder ${name}`);
  return [...folders, ...processesOf(home).map((pid) => `process ${pid}`)];
}

/** Processes that a replay of this home has started, and the replay's own. Known on Linux alone. */
function processesOf(home: string): string[] {
  if (process.platform !== 'linux') return [];
  const isOf = (pid: string): boolean => {
    try {
      return /^\d+$/.test(pid) && pid !== String(process.pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`MOLAR_REPLAY_HOME=${home}\0`);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter(isOf);
}
