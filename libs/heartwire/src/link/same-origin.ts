/**
 * Whether a page is of the host that it talks to. The scheme doesn't count: behind a proxy that speaks TLS,
 * a server doesn't know its own.
 *
 * @param origin what a browser says about the page
 * @param host what it says about whom it means to talk to
 */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  const page = parsed(origin);
  // Parsed the same way, since a default port may be written or left out.
  return page !== undefined && host !== undefined && page.host === parsed(`${page.protocol}//${host}`)?.host;
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
