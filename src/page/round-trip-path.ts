/** The least that the height stands for, in ms: a fast connection is a low line, not a wild one. */
const LEAST_SCALE_MS = 10;

export interface Area {
  readonly width: number;
  readonly height: number;
  /** How many samples fill the width. */
  readonly samples: number;
}

/** An SVG path through round trips, the last one at the right edge; it breaks where one is missing. */
export function roundTripPath(samples: readonly (number | undefined)[], area: Area): string {
  const scale = Math.max(LEAST_SCALE_MS, ...samples.map((sample) => sample ?? 0));
  const step = area.width / (area.samples - 1);
  let isDrawing = false;
  return samples
    .flatMap((sample, index) => {
      const wasDrawing = isDrawing;
      isDrawing = sample !== undefined;
      if (sample === undefined) return [];
      const x = area.width - (samples.length - 1 - index) * step;
      const y = area.height * (1 - sample / scale);
      return `${wasDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
