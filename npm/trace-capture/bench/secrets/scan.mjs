/** Reads every byte that a store holds, unpacked as far as it can be, and tells which secrets stand in it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { needlesOf } from './values.mjs';

const PREFIX = 8;

/** Where each secret was found: `[{ kind, encoded, file }]`, and how much was read. */
export function scanStore(root, secrets) {
  const index = indexOf(secrets);
  const found = [];
  const read = { files: 0, bytes: 0 };
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })) {
    if (!file.isFile()) continue;
    read.files += 1;
    const path = join(file.parentPath ?? file.path, file.name);
    for (const [name, bytes] of unpacked(path, readFileSync(path))) {
      read.bytes += bytes.length;
      for (const text of [bytes.toString('utf8'), bytes.toString('latin1')]) for (const hit of search(index, text, name)) found.push(hit);
    }
  }
  return { found, ...read };
}

/** The file as it is and everything that can be unpacked from it. */
function* unpacked(name, bytes) {
  yield [name, bytes];
  const magic = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  const isZstd = magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
  if (isZstd) yield* unpacked(`${name} unpacked`, Buffer.from(decompress(bytes)));
  else if (magic === 0x04034b50) for (const [member, content] of members(bytes)) yield* unpacked(`${name}/${member}`, content);
  else if ((magic & 0xffff) === 0x8b1f) yield [`${name} unpacked`, gunzipSync(bytes)];
}

/** The members of a zip by its central directory. */
function* members(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + size);
    yield [zip.toString('utf8', at + 46, at + 46 + name), method === 8 ? inflateRawSync(packed) : packed];
    at += 46 + name + extra + comment;
  }
}

function indexOf(secrets) {
  const index = new Map();
  for (const { kind, value } of secrets) {
    for (const needle of needlesOf(value)) {
      const prefix = needle.slice(0, PREFIX);
      const same = index.get(prefix);
      if (same) same.push({ kind, value, needle });
      else index.set(prefix, [{ kind, value, needle }]);
    }
  }
  return index;
}

function search(index, text, file) {
  const found = [];
  for (let at = 0; at + PREFIX <= text.length; at++) {
    const candidates = index.get(text.slice(at, at + PREFIX));
    if (candidates === undefined) continue;
    for (const { kind, value, needle } of candidates) {
      if (text.startsWith(needle, at)) found.push({ kind, value, encoded: needle, file, around: text.slice(Math.max(0, at - 60), at + needle.length + 20) });
    }
  }
  return found;
}
