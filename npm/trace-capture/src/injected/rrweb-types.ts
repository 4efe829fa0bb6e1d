/** The few shapes of rrweb that the wrapper touches, narrow on purpose: events are otherwise passed through whole. */

/** rrweb's numbers for event types. */
export const EventType = { fullSnapshot: 2, incremental: 3, meta: 4, custom: 5 } as const;

/** rrweb's numbers for the sources of incremental events that carry page text. */
export const Source = { mutation: 0, input: 5 } as const;

/** rrweb's numbers for node types. */
export const NodeType = { document: 0, element: 2, text: 3, cdata: 4, comment: 5 } as const;

/** A value rrweb writes for an attribute; `style` may be an object of changed properties. */
export type AttributeValue = string | number | boolean | null | Record<string, unknown>;

/** One serialized node. */
export interface SerializedNode {
  readonly type: number;
  readonly id: number;
  readonly tagName?: string;
  attributes?: Record<string, AttributeValue>;
  readonly childNodes?: SerializedNode[];
  textContent?: string;
}

/** Payload of a mutation event. */
export interface MutationData {
  readonly source: number;
  /** The document of a same-origin frame, attached below its frame element. */
  readonly isAttachIframe?: boolean;
  readonly texts: { readonly id: number; value: string | null }[];
  readonly attributes: { readonly id: number; readonly attributes: Record<string, AttributeValue> }[];
  readonly removes: unknown[];
  readonly adds: { readonly parentId: number; readonly node: SerializedNode }[];
}

/** Payload of an input event. */
export interface InputData {
  readonly source: number;
  readonly id: number;
  text?: string;
}

/** One rrweb event as handed to `emit`. */
export interface RrwebEvent {
  readonly type: number;
  data: unknown;
  timestamp: number;
}

/** Node ids of the running recorder. */
export interface Mirror {
  getNode(id: number): Node | null;
  getId(node: Node | null): number;
}

/** rrweb's entry point. */
export interface RrwebRecord {
  (options: Record<string, unknown>): (() => void) | undefined;
  readonly mirror: Mirror;
}

/** Evaluates the bundle once, with the given names in place of the window's. */
export type RrwebFactory = (names: ShadowedNames) => RrwebRecord;

/** What the bundle sees under names that a page may have replaced. */
export interface ShadowedNames {
  readonly globalThis: object;
  readonly Array: object;
  readonly Date: DateConstructor;
  readonly setTimeout: typeof setTimeout;
  readonly clearTimeout: typeof clearTimeout;
  readonly requestAnimationFrame: typeof requestAnimationFrame;
  readonly cancelAnimationFrame: typeof cancelAnimationFrame;
  readonly console: object;
}
