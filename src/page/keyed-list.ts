export interface Row<Item> {
  /** The same for the same item, and for no other. */
  keyOf(item: Item): string;
  make(item: Item): HTMLElement;
  /** Brings one that is there up to date. */
  update?(row: HTMLElement, item: Item): void;
}

/** Makes a list show these items, in this order. What is there already stays, with its focus. */
export function showItems<Item>(list: Element, items: readonly Item[], row: Row<Item>): void {
  const there = new Map<string | undefined, HTMLElement>();
  for (const child of list.children) if (child instanceof HTMLElement) there.set(child.dataset['key'], child);
  const wanted = new Set<string | undefined>(items.map((item) => row.keyOf(item)));
  for (const [key, child] of there) if (!wanted.has(key)) child.remove();

  let next = list.firstElementChild;
  for (const item of items) {
    const key = row.keyOf(item);
    const known = there.get(key);
    const shown = known ?? withKey(row.make(item), key);
    if (known !== undefined) row.update?.(known, item);
    if (shown === next) next = next.nextElementSibling;
    else list.insertBefore(shown, next);
  }
}

function withKey(made: HTMLElement, key: string): HTMLElement {
  made.dataset['key'] = key;
  return made;
}
