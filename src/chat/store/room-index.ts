interface Entry {
  readonly number: number;
  readonly draftId: string | undefined;
}

/** Which messages a room has: their numbers, and what their writers called them. */
export class RoomIndex {
  private readonly entries: Entry[] = [];
  private readonly drafts = new Map<string, number>();

  get size(): number {
    return this.entries.length;
  }

  /** Numbers come in order. */
  add(number: number, draftId: string | undefined): void {
    this.entries.push({ number, draftId });
    if (draftId !== undefined) this.drafts.set(draftId, number);
  }

  numberOf(draftId: string | undefined): number | undefined {
    return draftId === undefined ? undefined : this.drafts.get(draftId);
  }

  /** Forgets the oldest ones beyond a count, and tells which. */
  trim(maxMessages: number): readonly number[] {
    const forgotten = this.entries.splice(0, Math.max(0, this.entries.length - maxMessages));
    for (const { number, draftId } of forgotten) {
      if (draftId !== undefined && this.drafts.get(draftId) === number) this.drafts.delete(draftId);
    }
    return forgotten.map(({ number }) => number);
  }
}
