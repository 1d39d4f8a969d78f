import type { ServerResponse } from 'node:http';

/** Scripts, styles and connections of its own origin only, nothing inline, and no markup made of text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** What the chat's page is served with. Browsers keep it, and ask each time whether it is still the same. */
export function setPageHeaders(response: ServerResponse): void {
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('content-security-policy', POLICY);
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
}
