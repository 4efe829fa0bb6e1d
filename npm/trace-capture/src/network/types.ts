/** The fields of Chromium's Network events that are recorded; everything may be missing in a release to come. */

export type RawHeaders = Readonly<Record<string, string>>;

export interface RawTiming {
  readonly requestTime: number;
  readonly [name: string]: number;
}

export interface RawRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: RawHeaders;
  readonly postData?: string;
  readonly hasPostData?: boolean;
  readonly postDataEntries?: readonly { readonly bytes?: string }[];
}

export interface RawSecurity {
  readonly protocol: string;
  readonly cipher: string;
  readonly subjectName: string;
  readonly issuer: string;
}

export interface RawResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly mimeType: string;
  readonly fromDiskCache?: boolean;
  readonly fromServiceWorker?: boolean;
  readonly fromPrefetchCache?: boolean;
  readonly remoteIPAddress?: string;
  readonly remotePort?: number;
  readonly protocol?: string;
  readonly timing?: RawTiming;
  readonly securityDetails?: RawSecurity;
  /** Bytes over the wire so far; of a redirect all there are. */
  readonly encodedDataLength?: number;
}

export interface WillBeSent {
  readonly requestId: string;
  readonly request: RawRequest;
  readonly timestamp: number;
  readonly wallTime: number;
  readonly type?: string;
  readonly frameId?: string;
  readonly initiator?: { readonly type?: string; readonly requestId?: string };
  readonly redirectResponse?: RawResponse;
  readonly redirectHasExtraInfo?: boolean;
}

export interface ResponseReceived {
  readonly requestId: string;
  readonly timestamp: number;
  readonly type?: string;
  readonly response: RawResponse;
  readonly hasExtraInfo?: boolean;
}

export interface ExtraInfo {
  readonly requestId: string;
  readonly headers: RawHeaders;
  readonly statusCode?: number;
}

export interface Finished {
  readonly requestId: string;
  readonly timestamp: number;
  /** Bytes over the wire, headers included. */
  readonly encodedDataLength?: number;
}

export interface Failed extends Finished {
  readonly errorText: string;
  readonly canceled?: boolean;
  readonly type?: string;
  readonly blockedReason?: string;
  readonly corsErrorStatus?: { readonly corsError?: string };
}

export interface DataReceived extends Finished {
  readonly dataLength: number;
  /** Base64; only while a stream is being read. */
  readonly data?: string;
}

export interface RawFrame {
  readonly opcode: number;
  readonly payloadData: string;
}
