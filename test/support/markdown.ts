/** A fenced block of code. */
export interface CodeBlock {
  readonly code: string;
  /** Where its first line stands in the page, from 1. */
  readonly line: number;
}

export interface Link {
  readonly text: string;
  /** A path, a `#heading`, both, or a URL. */
  readonly target: string;
}

/** @param language what stands beside the opening fence: `ts`, `diff` */
export function blocksOf(page: string, language: string): readonly CodeBlock[] {
  return [...page.matchAll(/^```(\w+)[^\n]*\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(({ index, 2: code = '' }) => ({ code, line: page.slice(0, index).split('\n').length + 1 }));
}

export function linksOf(page: string): readonly Link[] {
  return [...withoutCode(page).matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)].map(
    ({ 1: text = '', 2: target = '' }) => ({
      text,
      target,
    }),
  );
}

/** What a link may end in: the headings, as hosts of Git repositories turn them into anchors. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The rows of the first table below a heading, without its head: each cell by the name of its column. */
export function tableBelow(page: string, heading: string): readonly Readonly<Record<string, string>>[] {
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`no heading ${heading}`);
  const [table] = /^\|[^]*?(?=^(?!\|))/m.exec(page.slice(from)) ?? [];
  const [head = [], , ...rows] = (table ?? '').trimEnd().split('\n').map(cellsOf);
  return rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])));
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));
}

function withoutCode(page: string): string {
  return page.replaceAll(/^```[^]*?^```$/gm, '');
}
