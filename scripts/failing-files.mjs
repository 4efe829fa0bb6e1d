/** A reporter of `node --test` that names the files in which something failed, one a line. */
export default async function* failingFiles(events) {
  const files = new Set();
  for await (const { type, data } of events) if (type === 'test:fail' && data.file && !data.todo) files.add(data.file);
  yield [...files].map((file) => `${file}\n`).join('');
}
