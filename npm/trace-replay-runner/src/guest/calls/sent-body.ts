interface Field {
  readonly name: string;
  readonly value?: string;
  readonly file?: { readonly name: string; readonly mimeType?: string; readonly buffer: Buffer };
}

/** A body as it would be sent. */
export interface SentBody {
  readonly type: string;
  readonly data: Buffer;
}

const BOUNDARY = 'molar-replay-boundary';

/** The body of a request of Playwright's client, from what its caller gave; nothing where there is none. */
export function bodyOf(params: Readonly<Record<string, unknown>>): SentBody | undefined {
  const { jsonData, formData, multipartData, postData } = params as { jsonData?: string; formData?: readonly Field[]; multipartData?: readonly Field[]; postData?: Buffer | string };
  if (jsonData !== undefined) return { type: 'application/json', data: Buffer.from(jsonData) };
  if (formData) return { type: 'application/x-www-form-urlencoded', data: Buffer.from(new URLSearchParams(formData.map(({ name, value }) => [name, value ?? ''])).toString()) };
  if (multipartData) return { type: `multipart/form-data; boundary=${BOUNDARY}`, data: multipart(multipartData) };
  if (postData === undefined) return undefined;
  return { type: 'application/octet-stream', data: typeof postData === 'string' ? Buffer.from(postData, 'base64') : postData };
}

function multipart(fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(({ name, value, file }) => {
    const disposition = `Content-Disposition: form-data; name="${name}"${file ? `; filename="${file.name}"\r\nContent-Type: ${file.mimeType ?? 'application/octet-stream'}` : ''}`;
    return [Buffer.from(`--${BOUNDARY}\r\n${disposition}\r\n\r\n`), file ? file.buffer : Buffer.from(value ?? ''), Buffer.from('\r\n')];
  });
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
