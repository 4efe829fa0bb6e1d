/** Replacement texts. Layout survives: every visible character becomes one star, white space stays. */
const SENSITIVE_NAME = /token|secret|passw|credential|csrf|xsrf|signature|session|api[-_]?key|authorization|(^|[-_.])(pwd|sid|sig|jwt|otp|auth|code)$/i;
const PAIR = /([?&#;])([^=&#;?]+)=([^&#\s,]*)/g;
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i;
/** Stars of the same length, white space kept. */
export function stars(text) {
    return text.replace(/\S/g, '*');
}
/** Stars of one fixed length: for secrets, whose length is itself worth something. */
export function fixedStars(text) {
    return text === '' ? '' : '********';
}
/** Whether a parameter, attribute or meta name says that its value is a secret. */
export function isSensitiveName(name) {
    return SENSITIVE_NAME.test(name);
}
/** The URL without user info and without the values of parameters that are named like secrets. Works on `srcset` too. */
export function cleanUrl(url) {
    if (url.startsWith('data:'))
        return url;
    return url
        .replace(USER_INFO, '$1')
        .replace(PAIR, (pair, mark, name) => (isSensitiveName(name) ? `${mark}${name}=REDACTED` : pair));
}
//# sourceMappingURL=text.js.map