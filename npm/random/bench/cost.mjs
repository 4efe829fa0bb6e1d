// What a draw costs: natively, patched outside of a replayed request, and within one. Prints all sides.
import crypto from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { random, signReplayHeader } from '@molar/random';

const DRAWS = 100_000;
const ROUNDS = 9;
const SECRET = 'only-for-this-bench';
const DRAWERS = { 'Math.random()': () => Math.random(), 'crypto.randomUUID()': () => crypto.randomUUID(), 'crypto.randomBytes(16)': () => crypto.randomBytes(16) };

/** Nanoseconds per call, the median of the rounds. */
function cost(draw) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = process.hrtime.bigint();
    for (let n = 0; n < DRAWS; n += 1) draw();
    return Number(process.hrtime.bigint() - begin) / DRAWS;
  });
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1];
}
const measured = () => Object.values(DRAWERS).map(cost);

const native = measured();
process.env.MOLAR_REPLAY_SECRET = SECRET;
let within;
const server = createServer(random.http((_request, response) => response.end(String((within = measured())))));
await once(server.listen(0, '127.0.0.1'), 'listening');
const headers = { 'x-molar-replay': signReplayHeader({ run: 'bench', t: 0, mode: 'shift', seq: 1 }, SECRET) };
await (await fetch(`http://127.0.0.1:${server.address().port}`, { headers })).text();
server.close();
const outside = measured();

console.log(`ns per call, median of ${ROUNDS} rounds of ${DRAWS}`);
console.log('call                      native  patched, not replayed  replayed');
Object.keys(DRAWERS).forEach((name, n) => console.log(name.padEnd(24), [native, outside, within].map((side) => side[n].toFixed(1).padStart(8)).join('  ')));
