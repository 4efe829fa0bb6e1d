/**
 * What the page and the Node side agree on: the options that are written into the init script, and the text of one
 * batch. Types only, so both sides can import it.
 */
export {};
//# sourceMappingURL=wire.js.map