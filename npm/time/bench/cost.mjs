// What a read of the clock costs: natively, patched outside of a replayed request, and within one. Prints all sides.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { signReplayHeader, time } from '@molar/time';

const READS = 1_000_000;
const ROUNDS = 9;
const SECRET = 'only-for-this-bench';
const READERS = { 'Date.now()': () => Date.now(), 'new Date()': () => new Date(), 'performance.now()': () => performance.now() };

/** Nanoseconds per call, the median of the rounds. */
function cost(read) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = process.hrtime.bigint();
    for (let n = 0; n < READS; n += 1) read();
    return Number(process.hrtime.bigint() - begin) / READS;
  });
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1];
}
const measured = () => Object.values(READERS).map(cost);

const native = measured();
process.env.MOLAR_REPLAY_SECRET = SECRET;
let within;
const server = createServer(time.http((_request, response) => response.end(String((within = measured())))));
await once(server.listen(0, '127.0.0.1'), 'listening');
const headers = { 'x-molar-replay': signReplayHeader({ run: 'bench', t: 0, mode: 'shift', seq: 1 }, SECRET) };
await (await fetch(`http://127.0.0.1:${server.address().port}`, { headers })).text();
server.close();
const outside = measured();

console.log(`ns per call, median of ${ROUNDS} rounds of ${READS}`);
console.log('call               native  patched, not replayed  replayed (shift)');
Object.keys(READERS).forEach((name, n) => console.log(name.padEnd(19), [native, outside, within].map((side) => side[n].toFixed(1).padStart(8)).join('  ')));
