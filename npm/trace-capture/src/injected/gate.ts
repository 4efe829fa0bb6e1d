/** Why this realm is recorded or not. */
export type Gate = 'record' | 'again' | 'parent-records' | 'blank-frame' | 'no-scripts';

function parentIsReadable(): boolean {
  try {
    return window.parent.document !== undefined;
  } catch {
    return false;
  }
}

/**
 * A sandbox without `allow-scripts` still runs init scripts, but each listener or timer they set prints "Blocked script
 * execution" into the page's console. With scripting off the parser reads into `<noscript>`; with it on, it does not.
 */
function scriptsAreOff(): boolean {
  if (window.origin !== 'null') return false;
  try {
    const probe = document.createElement('noscript');
    probe.innerHTML = '<i></i>';
    return probe.firstElementChild !== null;
  } catch {
    // Trusted Types refuse the assignment, and they are enforced only where scripts run.
    return false;
  }
}

/**
 * Decides whether this realm records. A same-origin parent records its children itself; blank frames are left out
 * because in an opaque origin the parent cannot be asked, and probe frames are always blank.
 */
export function gate(handle: string): Gate {
  if (Object.prototype.hasOwnProperty.call(window, handle)) return 'again';
  if (window.parent === window) return 'record';
  if (parentIsReadable()) return 'parent-records';
  if (window.location.href === 'about:blank') return 'blank-frame';
  return scriptsAreOff() ? 'no-scripts' : 'record';
}
