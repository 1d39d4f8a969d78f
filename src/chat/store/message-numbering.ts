/**
 * The ids of a store's messages: `<store>-<number>`. The first part tells them from those of another store, whose
 * numbers may be the same.
 */
export class MessageNumbering {
  constructor(private readonly storeId: string) {}

  idOf(number: number): string {
    return `${this.storeId}-${String(number)}`;
  }

  /** The number behind an id; 0, before all messages, for an id of another store. */
  numberOf(id: string): number {
    const [storeId, number] = id.split('-');
    const known = storeId === this.storeId ? Number(number) : 0;
    return Number.isSafeInteger(known) && known > 0 ? known : 0;
  }
}
