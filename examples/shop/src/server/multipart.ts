import { HttpError } from './http.js';

/** A file out of a form. */
export interface UploadedFile { name: string; type: string; bytes: Buffer }

/** The file under `field` in a multipart body. Throws 400 when the body is none or has no such file. */
export function fileIn(body: Buffer, contentType: string | undefined, field: string): UploadedFile {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1];
  if (boundary === undefined) throw new HttpError(400, 'the body must be multipart/form-data');
  for (const part of partsOf(body, Buffer.from(`--${boundary}`))) {
    const gap = part.indexOf('\r\n\r\n');
    if (gap < 0) continue;
    const head = part.subarray(0, gap).toString('utf8');
    const name = /filename="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined || !head.includes(`name="${field}"`)) continue;
    const type = /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream';
    return { name, type, bytes: part.subarray(gap + 4, part.length - 2) };
  }
  throw new HttpError(400, `the form has no file \`${field}\``);
}

function partsOf(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const next = body.indexOf(delimiter, at + delimiter.length);
    if (next < 0) break;
    parts.push(body.subarray(at + delimiter.length + 2, next));
    at = next;
  }
  return parts;
}
