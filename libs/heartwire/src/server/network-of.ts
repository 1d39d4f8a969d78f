/** How many of the eight parts of an IPv6 address name the network: one machine may have all the others. */
const NETWORK_PARTS = 4;

/** Who an address counts as: an IPv4 address for itself, an IPv6 address for its network of 64 bits. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (v4 !== undefined) return v4;
  const [front = '', back] = address.replace(/%.*$/, '').split('::');
  const parts = partsOf(front);
  // "::" stands for as many zeros as are missing.
  if (back !== undefined) {
    const last = partsOf(back);
    const zeros = Math.max(8 - parts.length - last.length, 0);
    parts.push(...new Array<string>(zeros).fill('0'), ...last);
  }
  return `${parts.slice(0, NETWORK_PARTS).join(':')}::/64`;
}

function partsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
