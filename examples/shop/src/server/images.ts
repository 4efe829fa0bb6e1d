import type { Article } from './catalogue.js';

const SHAPES: Record<Article['shape'], (hue: number) => string> = {
  tin: (hue) => `
    <rect x="130" y="92" width="140" height="156" rx="12" fill="hsl(${hue} 42% 38%)"/>
    <rect x="130" y="92" width="46" height="156" rx="12" fill="#fff" opacity=".10"/>
    <rect x="122" y="74" width="156" height="34" rx="10" fill="hsl(${hue} 40% 28%)"/>
    <rect x="146" y="136" width="108" height="84" rx="6" fill="hsl(${hue} 60% 95%)"/>
    <path d="M200 148c26 14 26 42 0 58c-26-16-26-44 0-58z" fill="hsl(${hue} 42% 46%)"/><path d="M200 152v62" stroke="hsl(${hue} 60% 95%)" stroke-width="3"/>`,
  pot: (hue) => `
    <path d="M278 128c52-14 58 64-6 74" fill="none" stroke="hsl(${hue} 34% 40%)" stroke-width="15"/>
    <path d="M128 152c-28 0-34-34-58-36l10 56c10 22 36 32 56 28z" fill="hsl(${hue} 34% 36%)"/>
    <ellipse cx="202" cy="176" rx="88" ry="70" fill="hsl(${hue} 34% 45%)"/><ellipse cx="176" cy="160" rx="40" ry="42" fill="#fff" opacity=".10"/>
    <ellipse cx="202" cy="110" rx="50" ry="14" fill="hsl(${hue} 34% 34%)"/><circle cx="202" cy="92" r="12" fill="hsl(${hue} 34% 34%)"/>`,
  cup: (hue) => `
    <path d="M262 142c44-6 44 56-8 56" fill="none" stroke="hsl(${hue} 38% 46%)" stroke-width="13"/>
    <path d="M132 120h138c0 74-24 118-69 118s-69-44-69-118z" fill="hsl(${hue} 38% 52%)"/><ellipse cx="201" cy="120" rx="69" ry="16" fill="hsl(28 60% 34%)"/>
    <ellipse cx="201" cy="250" rx="92" ry="10" fill="hsl(${hue} 30% 70%)"/>
    <path d="M180 92c-10-16 12-20 2-38M210 92c-10-16 12-20 2-38" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" opacity=".8"/>`,
};

/** A picture of an article, drawn in its colour. */
export function articleImage({ hue, shape, name }: Article): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" role="img"><title>${name}</title>
  <defs><radialGradient id="g" cx=".35" cy=".2" r="1"><stop offset="0" stop-color="hsl(${hue} 55% 95%)"/><stop offset="1" stop-color="hsl(${hue} 38% 82%)"/></radialGradient></defs>
  <rect width="400" height="300" fill="url(#g)"/><ellipse cx="202" cy="254" rx="110" ry="13" fill="hsl(${hue} 30% 40%)" opacity=".22"/>${SHAPES[shape](hue)}</svg>`;
}

/** The picture of an account that has uploaded none. */
export function initialsImage(email: string): string {
  const initial = (/[a-z]/i.exec(email)?.[0] ?? '?').toUpperCase();
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="#2f4b3c"/><text x="48" y="64" font-family="Georgia,serif" font-size="46" fill="#f6f1e7" text-anchor="middle">${initial}</text></svg>`;
}
