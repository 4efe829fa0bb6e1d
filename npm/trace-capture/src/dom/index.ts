/** The DOM channel of a trace: rrweb in the page, parts of its recording on the Node side. */
export { DomRecorder } from './recorder.js';
export type { DomFlushResult, DomNoticeSink, DomPart, DomSession, DomRecorderOptions, DomSink, FrameHolder, NoticeDetail } from './types.js';
export type { DigestReport, MaskInputs, PartKind, StartMode } from '../injected/wire.js';
