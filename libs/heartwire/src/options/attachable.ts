/** The part of Node's `http.Server` or `https.Server` that an attached server needs. */
export interface AttachableServer {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Node's own signatures
  on(event: string, listener: (...args: any[]) => void): unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Node's own signatures
  off(event: string, listener: (...args: any[]) => void): unknown;
  listeners(event: string): readonly object[];
  emit(event: string, ...args: unknown[]): unknown;
  address(): string | { readonly address: string; readonly port: number } | null;
  close(callback?: (error?: Error) => void): unknown;
}
