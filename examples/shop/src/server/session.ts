import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Who is signed in. It lives in a signed cookie, so a restarted shop still knows its visitors. */
export interface Session { email: string }

const COOKIE = 'shop_session';

/** `Set-Cookie` value of a new session. */
export function sessionCookie(session: Session, secret: string): string {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url');
  return `${COOKIE}=${body}.${sign(body, secret)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`;
}

/** `Set-Cookie` value that ends a session. */
export function endedCookie(): string {
  return `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;
}

/** The session of a `Cookie` header; forged and broken ones count as none. */
export function sessionOf(cookies: string | undefined, secret: string): Session | undefined {
  const value = (cookies ?? '').split(/;\s*/).find((part) => part.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
  const [body, signature] = (value ?? '').split('.');
  if (!body || !signature || !sameText(signature, sign(body, secret))) return undefined;
  const parsed: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  return isSession(parsed) ? parsed : undefined;
}

/** Compares in constant time, whatever the lengths. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function sign(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64url');
}

function isSession(value: unknown): value is Session {
  return value !== null && typeof value === 'object' && 'email' in value && typeof value.email === 'string';
}
