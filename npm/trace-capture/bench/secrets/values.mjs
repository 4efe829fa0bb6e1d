/** Secrets that never existed, of the kinds that tests meet, and the spellings in which they are looked for. */
import { createHash } from 'node:crypto';

const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const base64url = (text) => Buffer.from(text).toString('base64url');

/** Characters that look drawn at random and are the same for the same seed. */
function letters(seed, length, alphabet = ALNUM) {
  const bytes = [];
  for (let block = 0; bytes.length < length; block++) bytes.push(...createHash('sha512').update(`${seed}:${block}`).digest());
  return bytes.slice(0, length).map((byte) => alphabet[byte % alphabet.length]).join('');
}

function card(seed) {
  const digits = `4${letters(seed, 14, '0123456789')}`;
  const sum = [...digits].reverse().reduce((total, digit, at) => total + (at % 2 === 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : Number(digit)), 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

/**
 * How each kind looks. The secret is what must not be found; `text`, where there is one, is what people would paste. `taught` kinds have no
 * shape: the recorder has to meet them in a place that says what they are.
 */
const KINDS = {
  cookie: { taught: true, make: (seed) => `s${letters(seed, 25)}7` },
  bearer: { taught: true, make: (seed) => `${letters(seed, 31)}9` },
  basic: { taught: true, make: (seed) => `${letters(seed, 13)}!4` },
  password: { taught: true, make: (seed) => `${letters(seed, 11)}&"7<` },
  oauth: { taught: true, make: (seed) => `4${letters(seed, 27)}` },
  csrf: { taught: true, make: (seed) => `${letters(seed, 35)}=1` },
  json: { taught: true, make: (seed) => `${letters(seed, 23)}/3+` },
  header: { taught: true, make: (seed) => `k1${letters(seed, 30)}` },
  connection: { taught: true, make: (seed) => `${letters(seed, 17)}8` },
  environment: { taught: true, make: (seed) => `${letters(seed, 21)}~5 é` },
  jwt: { make: (seed) => letters(seed, 43), text: (secret, seed) => `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(`{"sub":"${letters(`${seed}s`, 8)}"}`)}.${secret}` },
  stripe: { make: (seed) => `sk_live_${letters(seed, 24)}` },
  github: { make: (seed) => `ghp_${letters(seed, 36)}` },
  slack: { make: (seed) => `xoxb-${letters(seed, 11, '0123456789')}-${letters(`${seed}x`, 24)}` },
  aws: { make: (seed) => `AKIA${letters(seed, 16, UPPER)}` },
  google: { make: (seed) => `AIza${letters(seed, 35)}` },
  npm: { make: (seed) => `npm_${letters(seed, 36)}` },
  gitlab: { make: (seed) => `glpat-${letters(seed, 20)}` },
  card: { make: card },
  pem: { make: (seed) => letters(seed, 64), text: (secret, seed) => `-----BEGIN PRIVATE KEY-----\n${letters(`${seed}a`, 64)}\n${secret}\n-----END PRIVATE KEY-----` },
};

/** So many secrets, every kind in turn. */
export function makeSecrets(count, seed) {
  const kinds = Object.entries(KINDS);
  return Array.from({ length: count }, (_, n) => {
    const [kind, { make, text, taught = false }] = kinds[n % kinds.length];
    const own = `${seed}:${kind}:${n}`;
    const value = make(own);
    return { kind, taught, value, text: text ? text(value, own) : value };
  });
}

const units = (text, spell) => Array.from({ length: text.length }, (_, at) => spell(text.charCodeAt(at))).join('');
const bytes = (text, spell) => [...Buffer.from(text)].map(spell).join('');
const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const quoted = (text) => JSON.stringify(text).slice(1, -1);

/** What a text looks like in each encoding when it is told. */
export const ENCODINGS = {
  plain: (text) => text,
  percent: (text) => bytes(text, (byte) => `%${hex(byte, 2).toUpperCase()}`),
  json: (text) => units(text, (unit) => `\\u${hex(unit, 4)}`),
  'json twice': (text) => quoted(quoted(text)),
  'base64 at 0': (text) => Buffer.from(text).toString('base64'),
  'base64 at 1': (text) => Buffer.from(` ${text}`).toString('base64'),
  'base64 at 2': (text) => Buffer.from(`: ${text}`).toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  html: (text) => [...text].map((letter) => `&#${letter.codePointAt(0)};`).join(''),
};

/** The characters of Base64 that depend on nothing but the text, when it begins at this byte of a group of three. */
function base64Core(text, offset) {
  const all = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  return all.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((all.length * 8) / 6));
}

/** Every text that would give a secret away. */
export function needlesOf(value) {
  const core = [0, 1, 2].map((offset) => base64Core(value, offset));
  const found = [
    value, quoted(value), quoted(quoted(value)), encodeURIComponent(value), ENCODINGS.percent(value), ENCODINGS.percent(value).toLowerCase(),
    ENCODINGS.json(value), ENCODINGS.hex(value), ENCODINGS.hex(value).toUpperCase(), ENCODINGS.html(value),
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    ...core, ...core.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  // In a line of JSON each of them may be escaped once more.
  return [...new Set([...found, ...found.map(quoted)])];
}
